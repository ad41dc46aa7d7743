import CollectorCore
import CollectorTransport
import NIOCore

/// Answers OTLP/HTTP requests (conformance 28 to 48).
struct OTLPHTTPService: HTTPService {
    /// Exact paths and their signals.
    let paths: [String: Signal]
    let limits: CallLimits
    let handler: ExportHandler

    func admit(_ head: HTTPCallHead) -> HTTPAdmission {
        guard let signal = paths[String(head.path)], handler.signals.contains(signal) else {
            let known = paths.filter { handler.signals.contains($0.value) }.keys.sorted().joined(separator: ", ")
            return .answer(refusal(head, 404, "no such path: \(head.path); this receiver takes POST \(known)"))
        }
        guard head.method == .POST else {
            var answer = refusal(head, 405, "method \(head.method.rawValue) is not allowed; use POST")
            answer.headers.append(("allow", "POST"))
            return .answer(answer)
        }
        guard encoding(of: head) != nil else {
            let type = head.header("content-type").map { "`\($0)`" } ?? "none"
            return .answer(
                refusal(
                    head, 415, "content type \(type) is not supported; use application/x-protobuf or application/json"))
        }
        return .read(limits)
    }

    func handle(_ call: HTTPCall, respond: HTTPResponder) {
        guard let signal = paths[String(call.head.path)], let encoding = encoding(of: call.head) else { return }
        handler.export(
            call.body, signal, encoding, .http, gzipped: call.gzipped, reservation: call.reservation
        ) { outcome in
            switch outcome {
            case .success(let refused):
                respond.answer(
                    HTTPAnswer(
                        status: 200, headers: [("content-type", encoding.contentType)],
                        body: ExportAnswer.response(signal, refused: refused, encoding)))
            case .failure(let error):
                respond.answer(Self.answer(error, status: error.httpStatus, encoding))
            }
        }
    }

    func failure(_ head: HTTPCallHead, _ error: DeliveryError, status: Int) -> HTTPAnswer {
        Self.answer(error, status: status, encoding(of: head) ?? .protobuf)
    }

    private func encoding(of head: HTTPCallHead) -> RequestEncoding? {
        head.mediaType.flatMap { RequestEncoding(mediaType: $0) }
    }

    /// An error whose body is a Status in the request's encoding; text when the request has none of ours.
    private func refusal(_ head: HTTPCallHead, _ status: Int, _ message: String) -> HTTPAnswer {
        guard let encoding = encoding(of: head) else { return .text(status, message + "\n") }
        return Self.answer(.permanent(message, code: .unimplemented), status: status, encoding)
    }

    private static func answer(_ error: DeliveryError, status: Int, _ encoding: RequestEncoding) -> HTTPAnswer {
        var headers = [(name: "content-type", value: encoding.contentType)]
        if let seconds = error.retryAfterSeconds { headers.append(("retry-after", "\(seconds)")) }
        return HTTPAnswer(status: status, headers: headers, body: ExportAnswer.status(error, encoding))
    }
}

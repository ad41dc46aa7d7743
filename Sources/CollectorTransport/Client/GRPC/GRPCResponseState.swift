import CollectorCore
import NIOCore
import NIOHPACK

/// The answer to one unary call as its frames come: from headers, message and trailers to a result.
struct GRPCResponseState {
    private let endpoint: String
    private let limit: Int
    private var message: GRPCMessageCollector
    private var httpStatus: Int?
    private var isGRPC = false
    private var encoding = "identity"

    /// - Parameters:
    ///   - endpoint: who answers, for messages.
    ///   - limit: bytes of the message at most, also inflated (conformance 87).
    init(endpoint: String, limit: Int) {
        self.endpoint = endpoint
        self.limit = limit
        message = GRPCMessageCollector(limit: limit)
    }

    /// Whether the server has begun to answer.
    var hasBegun: Bool { httpStatus != nil }

    /// Takes headers or trailers; the result when they end the stream or make it useless.
    mutating func receive(_ headers: HPACKHeaders, endStream: Bool) -> Result<ByteBuffer, DeliveryError>? {
        if let status = headers.first(name: ":status") {
            let number = Int(status) ?? 0
            if (100..<200).contains(number) { return nil }
            httpStatus = number
            isGRPC = headers.first(name: "content-type")?.lowercased().hasPrefix("application/grpc") ?? false
            encoding = headers.first(name: "grpc-encoding")?.lowercased() ?? encoding
            if !endStream, number != 200 || !isGRPC { return .failure(notGRPC()) }
        }
        return endStream ? finish(trailers: headers) : nil
    }

    /// Takes the bytes of a DATA frame; the result when the stream ends or cannot be used any more.
    mutating func receive(_ bytes: ByteBuffer, endStream: Bool) -> Result<ByteBuffer, DeliveryError>? {
        do throws(GRPCFramingError) {
            try message.append(bytes)
        } catch {
            return .failure(framing(error))
        }
        return endStream ? finish(trailers: [:]) : nil
    }

    private func finish(trailers: HPACKHeaders) -> Result<ByteBuffer, DeliveryError> {
        guard let status = trailers.first(name: "grpc-status").map({ Int($0) ?? StatusCode.unknown.rawValue }) else {
            return .failure(notGRPC())
        }
        if status != StatusCode.ok.rawValue {
            let text = trailers.first(name: "grpc-message").map(GRPCStatusMessage.decode) ?? ""
            let details = trailers.first(name: "grpc-status-details-bin").flatMap(Base64.decode).flatMap(
                ReceivedStatus.init)
            return .failure(GRPCOutcome.error(status: status, message: text, details: details, endpoint: endpoint))
        }
        do throws(GRPCFramingError) {
            return inflated(try message.finish())
        } catch {
            return .failure(framing(error))
        }
    }

    private func inflated(_ message: GRPCMessageCollector.Message?) -> Result<ByteBuffer, DeliveryError> {
        guard let message else {
            return .failure(.permanent("\(endpoint) answered OK without a message", code: .internal))
        }
        guard message.isCompressed else { return .success(message.payload) }
        guard encoding == "gzip" else {
            return .failure(
                .permanent("\(endpoint): the answer is compressed with \(encoding), not gzip", code: .internal))
        }
        do throws(InflateError) {
            return .success(try Inflater.inflate(message.payload, format: .gzip, limit: limit))
        } catch {
            return .failure(.permanent("\(endpoint): the answer cannot be inflated: \(error)", code: .internal))
        }
    }

    private func notGRPC() -> DeliveryError {
        let status = httpStatus ?? 0
        let code = GRPCOutcome.code(httpStatus: status)
        let text = "\(endpoint) answered HTTP \(status) without a gRPC status"
        return code.isRetryableForClients ? .retryable(text, code: code) : .permanent(text, code: code)
    }

    private func framing(_ error: GRPCFramingError) -> DeliveryError {
        switch error {
        case .tooLarge(let declared, let limit):
            .permanent(
                "\(endpoint): the answer of \(declared) bytes is larger than \(limit)", code: .resourceExhausted)
        case .invalidFlag, .secondMessage, .truncated:
            .permanent("\(endpoint): the answer is not one gRPC message (\(error))", code: .internal)
        }
    }
}

import CollectorCore
import CollectorTransport
import NIOCore

/// Takes OTLP in by HTTP and gRPC, counts it and forgets it; `/stats` tells the counts.
struct SinkService: HTTPService, GRPCService {
    let counters: SinkCounters
    let answers: SinkAnswers

    private static let limits = CallLimits(bytes: 1 << 30)
    private static let httpPaths = Dictionary(uniqueKeysWithValues: Signal.allCases.map { ("/v1/\($0.rawValue)", $0) })
    private static let grpcPaths = Dictionary(
        uniqueKeysWithValues: Signal.allCases.map { ("/\($0.exportService)/Export", $0) })

    // MARK: - HTTP

    func admit(_ head: HTTPCallHead) -> HTTPAdmission {
        let path = String(head.path)
        if path == "/stats" { return .answer(statistics) }
        return Self.httpPaths[path] == nil
            ? .answer(.text(404, "no such path: \(path); a sink takes /v1/traces, /v1/metrics, /v1/logs and /stats\n"))
            : .read(Self.limits)
    }

    func handle(_ call: HTTPCall, respond: HTTPResponder) {
        guard let signal = Self.httpPaths[String(call.head.path)] else { return }
        let answer: HTTPAnswer
        switch take(call.body, gzipped: call.gzipped, signal) {
        case .taken: answer = HTTPAnswer(status: 200, headers: [("content-type", "application/x-protobuf")])
        case .malformed: answer = .text(400, "not an export request of \(signal.rawValue)\n")
        case .refused:
            let delay = answers.settings.retryAfter.map { [(name: "retry-after", value: "\($0)")] } ?? []
            answer = HTTPAnswer(status: answers.settings.httpStatus, headers: delay)
        }
        after(answers.settings.delay, on: respond.eventLoop) { respond.answer(answer) }
    }

    func failure(_ head: HTTPCallHead, _ error: DeliveryError, status: Int) -> HTTPAnswer {
        .text(status, error.message + "\n")
    }

    private var statistics: HTTPAnswer {
        HTTPAnswer(
            status: 200, headers: [("content-type", "application/json")],
            body: ByteBuffer(string: counters.snapshot.json + "\n"))
    }

    // MARK: - gRPC

    func admit(_ head: GRPCCallHead) -> GRPCAdmission {
        Self.grpcPaths[head.path] == nil ? .answer(.unknownMethod(head.path)) : .read(Self.limits)
    }

    func handle(_ call: GRPCCall, respond: GRPCResponder) {
        guard let signal = Self.grpcPaths[call.head.path] else { return }
        let answer: GRPCAnswer =
            switch take(call.message, gzipped: call.gzipped, signal) {
            case .taken: .success(ByteBuffer())
            case .malformed: .failure(.permanent("not an export request of \(signal.rawValue)"))
            case .refused: .failure(answers.grpcError)
            }
        after(answers.settings.delay, on: respond.eventLoop) { respond.answer(answer) }
    }

    // MARK: - Both

    private enum Outcome {
        case taken, refused, malformed
    }

    private func take(_ body: ByteBuffer, gzipped: ByteBuffer?, _ signal: Signal) -> Outcome {
        let count = EnvelopeCount.items(body.readableBytesUInt8Span, signal)
        let isRefused = answers.refusesNext()
        counters.update { statistics in
            statistics.requests += 1
            statistics.wireBytes += (gzipped ?? body).readableBytes
            statistics.bodyBytes += body.readableBytes
            guard let count else {
                statistics.malformedRequests += 1
                return
            }
            guard !isRefused else {
                statistics.refusedRequests += 1
                return
            }
            switch signal {
            case .traces: statistics.spans += count
            case .metrics: statistics.metricPoints += count
            case .logs: statistics.logRecords += count
            }
        }
        return count == nil ? .malformed : isRefused ? .refused : .taken
    }

    private func after(_ delay: Duration, on eventLoop: any EventLoop, _ answer: @escaping @Sendable () -> Void) {
        guard delay > .zero else { return answer() }
        eventLoop.scheduleTask(in: TimeAmount(delay), answer)
    }
}

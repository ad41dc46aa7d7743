import CollectorCore
import CollectorTestKit
import NIOPosix
import OTLPWire
import Testing

@testable import CollectorService

/// A sampler that remembers what it is told, newest first.
final class FakeSampler: DecisionSource {
    private let all: [TraceDecision]

    init(_ decisions: [TraceDecision]) {
        all = decisions.sorted { $0.decidedAt > $1.decidedAt }
    }

    let policyNames = ["slow", "one-percent", "tried"]

    func decisions(of trace: TraceID) -> [TraceDecision] { all.filter { $0.traceID == trace } }

    func latest(_ filter: DecisionFilter, limit: Int) -> [TraceDecision] {
        Array(all.filter(filter.accepts).prefix(limit))
    }
}

/// The own telemetry as clients meet it.
struct TelemetryFixture {
    struct Answer {
        var status: String
        var head: String
        var body: String
    }

    let environment: ServiceEnvironment
    private let servers: [TelemetryServer]
    private let port: Int

    /// - Parameter samplers: what each remembers.
    init(_ samplers: [TraceDecision]...) async throws {
        let log = TestLog()
        environment = ServiceEnvironment(
            log: Log(write: { log.append($0) }), clock: ManualClock(), budgetBytes: 1 << 30,
            eventLoops: MultiThreadedEventLoopGroup.singleton, workers: InlineWorkers())
        for decisions in samplers { environment.decisions.register(FakeSampler(decisions)) }
        let (config, _) = ConfigLoader.load(
            sources: [
                """
                yaml:
                receivers: {in: }
                exporters: {out: }
                service:
                  telemetry: {metrics: {address: "127.0.0.1:0"}}
                  pipelines: {traces: {receivers: [in], exporters: [out]}}
                """
            ], environment: ConfigEnvironment([:]))
        servers = try await TelemetryServer.start(try #require(config).telemetry, environment)
        port = try #require(log.port(after: "own metrics on"))
    }

    func ask(_ path: String, method: String = "GET", headers: [String] = []) async throws -> Answer {
        let text = try await rawRequest(port: port, method, path, headers: headers)
        let end = try #require(text.firstRange(of: "\r\n\r\n"))
        let words = text.split(separator: " ", maxSplits: 2)
        return Answer(
            status: String(try #require(words.dropFirst().first)), head: text[..<end.lowerBound].lowercased(),
            body: String(text[end.upperBound...]))
    }

    func stop() async {
        for server in servers { await server.shutdown() }
    }
}

extension TraceDecision {
    /// A trace that `one-percent` kept, with three votes.
    static let kept = TraceDecision(
        sampler: "tail_sampling", traceID: TraceID(high: 0x5b8a_a5a2_d2c8_72e8, low: 0x321c_f373_08d6_9df2),
        isKept: true,
        decidedAt: 1_795_234_329_123_456_789, policy: "one-percent", trigger: "timeout", spanCount: 7, byteCount: 3129,
        durationNanoseconds: 412_000_000, service: "checkout", threshold: "fd70a3d70a3d71", probability: 0.01,
        lateSpans: 2,
        votes: [
            Vote(policy: "slow", answer: .notSampled, isShadow: false, reason: "latency 412 ms < 500 ms"),
            Vote(
                policy: "one-percent", answer: .sampled, isShadow: false, reason: "in the lowest 1 %", part: "one/half"),
            Vote(policy: "tried", answer: .notAsked, isShadow: true, reason: ""),
        ])

    /// One that nobody wanted.
    static func dropped(_ number: UInt64, service: String = "shop", sampler: String = "tail_sampling") -> TraceDecision
    {
        TraceDecision(
            sampler: sampler, traceID: TraceID(high: 0, low: number), isKept: false,
            decidedAt: 1_700_000_000_000_000_000 + number, policy: nil, trigger: "root", spanCount: 1, byteCount: 100,
            durationNanoseconds: 250_000, service: service,
            votes: [Vote(policy: "slow", answer: .notSampled, isShadow: false, reason: "latency 0 ms < 500 ms")])
    }
}

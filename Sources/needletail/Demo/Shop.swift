// A small shop whose requests are traces and whose histograms count them: enough for a scrape with exemplars, a file with
// the traces they lead to, and something to see on every dashboard.
//
//     frontend ─▶ catalog ─▶ (products, a database)
//              └▶ checkout ─▶ payment
//                          ├▶ inventory
//                          └▶ [orders, a queue] ─▶ mailer, seconds later

/// One request's way through the shop, as spans.
struct ShopTrace: Sendable {
    struct Span: Sendable {
        /// The kinds of `Span.SpanKind` that occur here.
        enum Kind: Int, Sendable {
            case server = 2
            case client, producer, consumer
        }

        var id: UInt64
        var parent: UInt64
        var service: String
        var name: String
        var kind: Kind
        /// What the span calls when that sends no spans itself.
        var database: String?
        var startNanoseconds: UInt64
        var durationNanoseconds: UInt64 = 0
        var isError = false
    }

    var id: (high: UInt64, low: UInt64)
    var spans: [Span]
}

/// Invents requests: most are quick, one in fifty fails, one in a hundred is slow. Every four minutes there is a rush, and
/// after its peak payment has some seconds of trouble.
struct Shop: Sendable {
    private struct Step {
        enum Via { case http, database, queue }

        var service: String
        var route: String
        var milliseconds: ClosedRange<Double>
        var via = Via.http
        var calls: [Step] = []
    }

    private static let browse = Step(
        service: "frontend", route: "GET /products", milliseconds: 5...20,
        calls: [
            Step(
                service: "catalog", route: "GET /catalog", milliseconds: 2...12,
                calls: [Step(service: "products", route: "SELECT products", milliseconds: 5...45, via: .database)])
        ])
    private static let buy = Step(
        service: "frontend", route: "POST /checkout", milliseconds: 8...25,
        calls: [
            Step(
                service: "checkout", route: "POST /orders", milliseconds: 10...30,
                calls: [
                    Step(service: "payment", route: "POST /charge", milliseconds: 20...120),
                    Step(service: "inventory", route: "POST /reserve", milliseconds: 4...30),
                    Step(service: "mailer", route: "process orders", milliseconds: 5...40, via: .queue),
                ])
        ])

    static let services = ["frontend", "catalog", "checkout", "payment", "inventory", "mailer"]
    /// How long after the request the spans of a service come.
    static func lateness(of service: String) -> Duration { service == "mailer" ? .seconds(4) : .zero }

    private static let cycleNanoseconds: UInt64 = 240_000_000_000
    /// 0 to 1: how far the rush is.
    private let phase: Double

    /// The shop at a time (nanoseconds since 1970).
    init(at now: UInt64) {
        phase = Double(now % Self.cycleNanoseconds) / Double(Self.cycleNanoseconds)
    }

    /// How many requests come at once: 1 in calm times, 2 at the peak.
    var arrivals: Int { Double.random(in: 0..<1) < 1 - abs(2 * phase - 1) ? 2 : 1 }

    /// One request that ends at `end` (nanoseconds since 1970).
    func request(endingAt end: UInt64) -> ShopTrace {
        let root = Int.random(in: 0..<3) == 0 ? Self.buy : Self.browse
        let isTrouble = (0.55..<0.65).contains(phase) && Int.random(in: 0..<4) == 0
        var walk = Walk(
            isSlow: isTrouble || Int.random(in: 0..<100) == 0,
            culprit: isTrouble ? "payment" : Int.random(in: 0..<50) == 0 ? Self.services.randomElement() : nil)
        walk.visit(root, parent: 0, at: 0)
        let start = end &- walk.spans[0].durationNanoseconds
        for index in walk.spans.indices { walk.spans[index].startNanoseconds &+= start }
        return ShopTrace(
            id: (UInt64.random(in: 1...UInt64.max), UInt64.random(in: 1...UInt64.max)), spans: walk.spans)
    }

    /// The way of one request, whose times are relative to its start.
    private struct Walk {
        var isSlow: Bool
        /// The service that fails, and with it who called it.
        var culprit: String?
        var spans: [ShopTrace.Span] = []

        /// Adds the spans of a step and of what it calls.
        @discardableResult
        mutating func visit(_ step: Step, parent: UInt64, at start: UInt64) -> (elapsed: UInt64, failed: Bool) {
            let own = Double.random(in: step.milliseconds) * (isSlow && step.calls.isEmpty ? .random(in: 10...30) : 1)
            var elapsed = UInt64(own * 1e6)
            var failed = step.service == culprit
            guard step.via != .database else { return (elapsed, failed) }
            let position = add(step.via == .queue ? .consumer : .server, of: step, by: step.service, parent, start)
            for call in step.calls {
                let kind: ShopTrace.Span.Kind = call.via == .queue ? .producer : .client
                let caller = add(kind, of: call, by: step.service, spans[position].id, start &+ elapsed)
                let way = UInt64.random(in: 150_000...600_000)
                let arrival = start &+ elapsed &+ (call.via == .queue ? 3_000_000_000 : way)
                let inner = visit(call, parent: spans[caller].id, at: arrival)
                spans[caller].isError = call.via != .queue && inner.failed
                spans[caller].durationNanoseconds = 2 * way &+ (call.via == .queue ? 0 : inner.elapsed)
                elapsed &+= spans[caller].durationNanoseconds
                failed = failed || spans[caller].isError
            }
            spans[position].durationNanoseconds = elapsed
            spans[position].isError = failed
            return (elapsed, failed)
        }

        /// Where the new span is.
        private mutating func add(
            _ kind: ShopTrace.Span.Kind, of step: Step, by service: String, _ parent: UInt64, _ start: UInt64
        ) -> Int {
            spans.append(
                ShopTrace.Span(
                    id: UInt64.random(in: 1...UInt64.max), parent: parent, service: service, name: step.route,
                    kind: kind,
                    database: step.via == .database ? step.service : nil, startNanoseconds: start))
            return spans.count - 1
        }
    }
}

// A small shop of five services whose requests are traces and whose histograms count them: enough for a scrape with
// exemplars and a file with the traces they lead to.
//
//     frontend ─▶ catalog ─▶ (database)
//              └▶ checkout ─▶ payment
//                          └▶ inventory

import Synchronization

/// One request's way through the shop, as spans.
struct ShopTrace: Sendable {
    struct Span: Sendable {
        var id: UInt64
        var parent: UInt64
        var service: String
        var name: String
        /// `Span.SpanKind`: 2 server, 3 client.
        var kind: Int
        var startNanoseconds: UInt64
        var durationNanoseconds: UInt64
        var isError: Bool
    }

    var id: (high: UInt64, low: UInt64)
    var spans: [Span]
}

/// Invents requests: most are quick, one in fifty fails, one in fifty is slow.
struct Shop: Sendable {
    private struct Step {
        var service: String
        var route: String
        var milliseconds: ClosedRange<Double>
        var calls: [Step] = []
    }

    private static let browse = Step(
        service: "frontend", route: "GET /products", milliseconds: 5...20,
        calls: [Step(service: "catalog", route: "GET /catalog", milliseconds: 8...60)])
    private static let buy = Step(
        service: "frontend", route: "POST /checkout", milliseconds: 8...25,
        calls: [
            Step(
                service: "checkout", route: "POST /orders", milliseconds: 10...30,
                calls: [
                    Step(service: "payment", route: "POST /charge", milliseconds: 20...120),
                    Step(service: "inventory", route: "POST /reserve", milliseconds: 4...30),
                ])
        ])

    static let services = ["frontend", "catalog", "checkout", "payment", "inventory"]

    /// One request that ends at `end` (nanoseconds since 1970).
    func request(endingAt end: UInt64) -> ShopTrace {
        let slow = Int.random(in: 0..<50) == 0
        let fails = Int.random(in: 0..<50) == 0
        var spans: [ShopTrace.Span] = []
        let root = Int.random(in: 0..<3) == 0 ? Self.buy : Self.browse
        let duration = walk(root, parent: 0, at: 0, slow: slow, fails: fails, &spans)
        let start = end &- duration
        for index in spans.indices { spans[index].startNanoseconds &+= start }
        return ShopTrace(
            id: (UInt64.random(in: 1...UInt64.max), UInt64.random(in: 1...UInt64.max)), spans: spans)
    }

    /// Adds the spans of a step and of what it calls; returns how long it took. Times are relative to the request's start.
    private func walk(
        _ step: Step, parent: UInt64, at start: UInt64, slow: Bool, fails: Bool, _ spans: inout [ShopTrace.Span]
    ) -> UInt64 {
        let server = UInt64.random(in: 1...UInt64.max)
        let position = spans.count
        spans.append(
            ShopTrace.Span(
                id: server, parent: parent, service: step.service, name: step.route, kind: 2, startNanoseconds: start,
                durationNanoseconds: 0, isError: fails))
        let isLeaf = step.calls.isEmpty
        let own = Double.random(in: step.milliseconds) * (slow && isLeaf ? Double.random(in: 10...30) : 1)
        var elapsed = UInt64(own * 1e6)
        for call in step.calls {
            let client = UInt64.random(in: 1...UInt64.max)
            let clientPosition = spans.count
            spans.append(
                ShopTrace.Span(
                    id: client, parent: server, service: step.service, name: call.route, kind: 3,
                    startNanoseconds: start &+ elapsed, durationNanoseconds: 0, isError: fails))
            let inner = walk(
                call, parent: client, at: start &+ elapsed &+ 300_000, slow: slow, fails: fails, &spans)
            spans[clientPosition].durationNanoseconds = inner &+ 600_000
            elapsed &+= inner &+ 600_000
        }
        spans[position].durationNanoseconds = elapsed
        return elapsed
    }
}

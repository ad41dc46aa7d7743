/// What was read of the captures.
package struct CaptureCounts: Sendable, Equatable {
    package var files = 0
    /// Files that cannot be opened; they are among `unreadable`.
    package var unopened = 0
    /// Requests with spans.
    package var requests = 0
    /// Requests of other signals, which no sampler sees.
    package var metricsRequests = 0
    package var logsRequests = 0
    /// Requests, lines or rests of files that are no OTLP.
    package var unreadable = 0
    /// Spans that a receiver would have refused (invalid ids).
    package var refusedSpans = 0
    /// Requests with spans that ended more than a minute after they arrived, as others' clocks tell.
    package var requestsAhead = 0
    /// Requests all of whose spans ended more than a minute before.
    package var requestsBehind = 0

    /// Whether there is anything to simulate.
    package var isEmpty: Bool { requests == 0 }

    /// What a reader should know of the times in the captures.
    var notes: [String] {
        func requests(_ count: Int) -> String { "\(grouped(count)) request\(count == 1 ? "" : "s")" }
        return [
            requestsAhead == 0
                ? nil
                : "\(requests(requestsAhead)) with spans that end more than a minute ahead of the requests around them; "
                    + "clocks that are fast are not followed",
            requestsBehind == 0
                ? nil
                : "\(requests(requestsBehind)) with no span that ends less than a minute before it arrives: sent late, or "
                    + "by clocks that are slow",
        ].compactMap { $0 }
    }
}

/// Collects what goes wrong while captures are read.
final class CaptureLog {
    private(set) var counts = CaptureCounts()
    private let report: (CaptureProblem) -> Void

    /// - Parameter report: called with each problem as it is found.
    init(report: @escaping (CaptureProblem) -> Void) {
        self.report = report
    }

    func note(_ change: (inout CaptureCounts) -> Void) { change(&counts) }

    func note(_ problem: CaptureProblem) {
        counts.unreadable += 1
        report(problem)
    }
}

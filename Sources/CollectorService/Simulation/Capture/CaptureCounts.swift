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

    /// Whether there is anything to simulate.
    package var isEmpty: Bool { requests == 0 }
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

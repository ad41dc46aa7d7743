/// What an expectation can bound; the names are those of the JSON report.
package enum Measure: String, Sendable, CaseIterable {
    case traces
    case spans
    case keptTraces = "kept_traces"
    case keptTracesPercent = "kept_traces_percent"
    case droppedTraces = "dropped_traces"
    case keptSpans = "kept_spans"
    case keptSpansPercent = "kept_spans_percent"
    case keptBytes = "kept_bytes"
    case keptBytesPercent = "kept_bytes_percent"
    case keptSpansPerSecond = "kept_spans_per_second"
    case keptBytesPerSecond = "kept_bytes_per_second"
    case peakKeptSpansPerSecond = "peak_kept_spans_per_second"
    case peakKeptBytesPerSecond = "peak_kept_bytes_per_second"
    case gainedTraces = "gained_traces"
    case lostTraces = "lost_traces"
    case votes

    /// Those of one policy; the others are of the whole.
    static let ofPolicy: [Measure] = [
        .keptTraces, .keptTracesPercent, .droppedTraces, .keptSpans, .keptSpansPercent, .keptBytes, .votes,
    ]
    static let ofWhole = Measure.allCases.filter { $0 != .votes }

    var needsBaseline: Bool { self == .gainedTraces || self == .lostTraces }

    /// The value in a report; nil for what it does not have.
    func value(in report: SimulationReport) -> Double? {
        let run = report.run
        return switch self {
        case .traces: Double(report.traces)
        case .spans: Double(report.spans)
        case .keptTraces: Double(run.keptTraces)
        case .keptTracesPercent: percent(run.keptTraces, of: report.traces)
        case .droppedTraces: Double(report.traces - run.keptTraces)
        case .keptSpans: Double(run.keptSpans)
        case .keptSpansPercent: percent(run.keptSpans, of: report.spans)
        case .keptBytes: Double(run.keptBytes)
        case .keptBytesPercent: percent(run.keptBytes, of: report.bytes)
        case .keptSpansPerSecond: run.rates.spansPerSecond
        case .keptBytesPerSecond: run.rates.bytesPerSecond
        case .peakKeptSpansPerSecond: run.rates.peakSpansPerSecond
        case .peakKeptBytesPerSecond: run.rates.peakBytesPerSecond
        case .gainedTraces: report.difference.map { Double($0.gained) }
        case .lostTraces: report.difference.map { Double($0.lost) }
        case .votes: nil
        }
    }

    /// The value of one policy; nil for what policies do not have.
    func value(of policy: PolicyResult, in report: SimulationReport) -> Double? {
        switch self {
        case .keptTraces: Double(policy.keptTraces)
        case .keptTracesPercent: percent(policy.keptTraces, of: report.traces)
        case .droppedTraces: Double(policy.droppedTraces)
        case .keptSpans: Double(policy.keptSpans)
        case .keptSpansPercent: percent(policy.keptSpans, of: report.spans)
        case .keptBytes: Double(policy.keptBytes)
        case .votes: Double(policy.votes[.sampled] ?? 0)
        default: nil
        }
    }
}

/// What a number must be.
package struct Bounds: Sendable, Equatable {
    package var atLeast: Double?
    package var atMost: Double?

    func admit(_ value: Double) -> Bool { value >= atLeast ?? -.infinity && value <= atMost ?? .infinity }

    /// `at most 5`, `from 2 to 3`, `exactly 4`.
    var words: String {
        func text(_ value: Double) -> String { decimal(value, digits: 6) }
        switch (atLeast, atMost) {
        case (let low?, let high?): return low == high ? "exactly \(text(low))" : "from \(text(low)) to \(text(high))"
        case (let low?, nil): return "at least \(text(low))"
        case (nil, let high?): return "at most \(text(high))"
        case (nil, nil): return "any number"
        }
    }
}

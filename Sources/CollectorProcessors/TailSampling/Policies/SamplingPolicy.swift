// How a policy comes to its vote, so that the vote can be explained afterwards:
//
//     measure   what the policy knows beside the trace (tokens left, a running percentile) becomes a few numbers
//     vote      follows from the trace's features and those numbers alone
//
// Both are kept with the decision for a while. Asking why is then voting once more, with words. Asking how likely it
// was is voting with other random values (`prospect`).

/// A rule that votes on traces.
protocol SamplingPolicy: Sendable {
    /// Notes what the vote depends on beside the trace. Changes nothing.
    func measure(_ trace: TraceFeatures, at now: UInt64, _ measured: inout Measurements)

    /// The vote; nothing else than the arguments counts.
    func vote(on trace: TraceFeatures, _ measured: Measurements) -> Vote

    /// What the vote would be if the trace's random values were as supposed. For them as they are it is `vote`.
    func prospect(of trace: TraceFeatures, _ measured: Measurements, supposing values: SupposedValues) -> Prospect

    /// Why the vote is as it is, with the values: `latency 412 ms < 500 ms`.
    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String

    /// Which of its parts let the trace in, by name (`errors`, `inner/errors`); nil when that is not for one part to say.
    func part(_ trace: TraceFeatures, _ measured: Measurements) -> String?

    /// The trace is kept, and would not be without this policy: what that costs is spent now, and only now.
    /// - Parameter measured: what the policy voted on.
    func letIn(_ trace: TraceFeatures, _ measured: Measurements, at now: UInt64)

    /// A trace has been voted on that this policy could have let in: demand, which a target has to be shared between.
    /// - Parameter measured: what was voted on.
    func noteDemand(of trace: TraceFeatures, _ measured: Measurements, at now: UInt64)

    /// A trace has been decided, whatever became of it, and shows what its key is like.
    func learn(from trace: TraceFeatures, at now: UInt64)

    /// Gives back what was learned of keys.
    func forget(_ keys: ForgottenKeys)

    /// Whether letting a trace in takes from an allowance.
    var takesAllowance: Bool { get }
    /// Whether `measure` does anything.
    var measures: Bool { get }
    /// Whether votes can depend on a trace's random values. Such policies have a `prospect` of their own.
    var leavesToChance: Bool { get }
    /// Whether `noteDemand` does anything.
    var hasTarget: Bool { get }
    /// Whether `learn` does anything.
    var learns: Bool { get }
}

extension SamplingPolicy {
    func measure(_ trace: TraceFeatures, at now: UInt64, _ measured: inout Measurements) {}
    func part(_ trace: TraceFeatures, _ measured: Measurements) -> String? { nil }
    func prospect(of trace: TraceFeatures, _ measured: Measurements, supposing values: SupposedValues) -> Prospect {
        .answer(vote(on: trace, measured).answer)
    }
    func letIn(_ trace: TraceFeatures, _ measured: Measurements, at now: UInt64) {}
    func noteDemand(of trace: TraceFeatures, _ measured: Measurements, at now: UInt64) {}
    func learn(from trace: TraceFeatures, at now: UInt64) {}
    func forget(_ keys: ForgottenKeys) {}
    var takesAllowance: Bool { false }
    var measures: Bool { false }
    var leavesToChance: Bool { false }
    var hasTarget: Bool { false }
    var learns: Bool { false }
}

/// The numbers that votes on one trace depended on, each at the place its policy was given (`PolicyBuilder.slot`).
struct Measurements: Sendable {
    private(set) var words: [UInt64]

    init(count: Int) {
        words = Array(repeating: 0, count: count)
    }

    init(words: [UInt64]) {
        self.words = words
    }

    subscript(slot: Int) -> UInt64 {
        get { words[slot] }
        set { words[slot] = newValue }
    }

    subscript(number slot: Int) -> Double {
        get { Double(bitPattern: words[slot]) }
        set { words[slot] = newValue.bitPattern }
    }
}

/// Votes counted since they were last added to the metrics.
struct VoteTally {
    struct Votes {
        var sampled = 0
        var notSampled = 0
        var dropped = 0
        var errors = 0
        /// Estimated from the traces that were timed.
        var nanoseconds: UInt64 = 0

        var isEmpty: Bool { sampled | notSampled | dropped | errors == 0 }
    }

    /// Reading the clock costs more than most votes: one trace in so many is timed, and counts for all.
    private static let tracesPerTiming: UInt64 = 64

    private(set) var votes: [Votes]
    private var traces: UInt64 = 0

    init(policies: Int) {
        votes = Array(repeating: Votes(), count: policies)
    }

    /// Begins with the next trace; returns whether its votes are to be timed.
    mutating func startTrace() -> Bool {
        traces &+= 1
        return traces % Self.tracesPerTiming == 0
    }

    @inline(__always)
    mutating func count(_ answer: Vote.Answer, policy: Int) {
        switch answer {
        case .sampled: votes[policy].sampled &+= 1
        case .notSampled: votes[policy].notSampled &+= 1
        case .dropped: votes[policy].dropped &+= 1
        case .error: votes[policy].errors &+= 1
        }
    }

    mutating func time(_ nanoseconds: UInt64, policy: Int) {
        votes[policy].nanoseconds &+= nanoseconds &* Self.tracesPerTiming
    }

    /// Adds the time that others took and, if they count, the votes; `other` is empty then.
    mutating func add(_ other: inout VoteTally, countsVotes: Bool) {
        for policy in votes.indices {
            let added = other.votes[policy]
            votes[policy].nanoseconds &+= added.nanoseconds
            other.votes[policy] = Votes()
            guard countsVotes else { continue }
            votes[policy].sampled &+= added.sampled
            votes[policy].notSampled &+= added.notSampled
            votes[policy].dropped &+= added.dropped
            votes[policy].errors &+= added.errors
        }
    }

    /// Takes the votes out; empty when there were none.
    mutating func take() -> [Votes] {
        guard votes.contains(where: { !$0.isEmpty }) else { return [] }
        let taken = votes
        for policy in votes.indices { votes[policy] = Votes() }
        return taken
    }
}

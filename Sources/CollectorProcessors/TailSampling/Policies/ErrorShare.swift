// The share of one key's traces that have an error, over the last minute or whatever the window is, and whether that
// makes an episode. An episode begins above the threshold and ends below half of it, so that a share near the threshold
// does not switch sampling on and off. The window is six slices that are forgotten one by one.

struct ErrorShare: Sendable {
    struct Rule: Sendable {
        /// Above it an episode begins; a share of 1.
        var threshold: Double
        /// Nanoseconds.
        var window: UInt64
        /// Traces below which no episode begins: one error among three is none.
        var minimumSamples: Int

        fileprivate var sliceLength: UInt64 { max(1, window / UInt64(ErrorShare.sliceCount)) }
    }

    private struct Slice {
        var traces: UInt32 = 0
        var errors: UInt32 = 0
    }

    /// What is known of a key at a time.
    struct Reading: Equatable {
        var traces = 0
        var share = 0.0
        var isEpisode = false
    }

    private static let sliceCount = 6
    /// What the slices take, with what the allocator adds.
    static let allocatedBytes = sliceCount * MemoryLayout<Slice>.stride + 48
    private static let endsBelow = 0.5

    private var slices = [Slice](repeating: Slice(), count: sliceCount)
    /// All slices together, as of the youngest one.
    private var total = Slice()
    /// The number of the youngest slice since the clock's beginning.
    private var youngest: UInt64 = 0
    private var isEpisode = false

    /// - Parameter now: nanoseconds.
    func reading(at now: UInt64, _ rule: Rule) -> Reading {
        let current = max(youngest, now / rule.sliceLength)
        let counted = current == youngest ? total : sum(at: current)
        let traces = Int(counted.traces)
        let share = traces > 0 ? Double(counted.errors) / Double(traces) : 0
        let begins = traces >= rule.minimumSamples && share > rule.threshold
        let goesOn = isEpisode && traces > 0 && share >= rule.threshold * Self.endsBelow
        return Reading(traces: traces, share: share, isEpisode: begins || goesOn)
    }

    mutating func add(isError: Bool, at now: UInt64, _ rule: Rule) {
        let current = max(youngest, now / rule.sliceLength)
        if current > youngest {
            for age in 0..<min(current - youngest, UInt64(Self.sliceCount)) {
                slices[position(current - age)] = Slice()
            }
            youngest = current
            total = sum(at: current)
            // What comes after a window of silence has to make an episode of its own.
            if total.traces == 0 { isEpisode = false }
        }
        let position = position(current)
        slices[position].traces &+= 1
        total.traces &+= 1
        if isError {
            slices[position].errors &+= 1
            total.errors &+= 1
        }
        isEpisode = reading(at: now, rule).isEpisode
    }

    /// The traces of the slices that count when `current` is the youngest one.
    private func sum(at current: UInt64) -> Slice {
        var sum = Slice()
        for age in 0..<UInt64(Self.sliceCount)
        where youngest >= age && youngest - age + UInt64(Self.sliceCount) > current {
            sum.traces &+= slices[position(youngest - age)].traces
            sum.errors &+= slices[position(youngest - age)].errors
        }
        return sum
    }

    private func position(_ slice: UInt64) -> Int { Int(slice % UInt64(Self.sliceCount)) }
}

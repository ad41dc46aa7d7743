// Numbers for the combinations of values seen at one place of the plan. Values are what senders say, so there is a
// bound: further keys share one number. Keys that were not seen for a while give way. A number carries a generation, so
// that what was learned of a forgotten key is never taken for another one's.

/// The number of a key: a position in its table, and how often that position was given to another key before.
struct TraceKeyID: Hashable, BitwiseCopyable {
    let rawValue: UInt32

    private static let indexBits: UInt32 = 20
    private static let generations: UInt32 = 1 << (32 - indexBits)

    /// All keys that the table had no room for.
    static let other = TraceKeyID(rawValue: 0)

    init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    init(index: Int, generation: UInt32) {
        rawValue = (generation % Self.generations) << Self.indexBits | UInt32(truncatingIfNeeded: index)
    }

    var index: Int { Int(rawValue & (1 << Self.indexBits - 1)) }

    /// Whether this number of a position was given later than the other one.
    func isNewer(than other: TraceKeyID) -> Bool {
        let ahead = (rawValue &- other.rawValue) >> Self.indexBits
        return ahead != 0 && ahead < Self.generations / 2
    }
}

struct TraceKeyTable: Sendable {
    private struct Entry {
        var hash: UInt64
        var generation: UInt32 = 0
        var seenAt: UInt64
        /// Empty when the key is forgotten.
        var values: [String]
    }

    /// Keys at most, besides `TraceKeyID.other`.
    static let capacity = 10_000
    /// A key not seen for so long may give way.
    static let idleNanoseconds: UInt64 = 600_000_000_000
    /// The least time between two looks for such keys.
    static let sweepNanoseconds: UInt64 = 60_000_000_000

    private var positions: [UInt64: Int] = [:]
    /// The first key is at index 1.
    private var entries: [Entry] = []
    private var free: [Int] = []
    private var sweptAt: UInt64?

    /// Keys that are known.
    var count: Int { positions.count }

    /// The number of the key with this hash.
    /// - Parameter values: the key's values, asked for when it is new; at least one.
    mutating func id(_ hash: UInt64, now: UInt64, values: () -> [String]) -> TraceKeyID {
        if let index = positions[hash] {
            entries[index - 1].seenAt = max(now, entries[index - 1].seenAt)
            return TraceKeyID(index: index, generation: entries[index - 1].generation)
        }
        if free.isEmpty, entries.count >= Self.capacity { sweep(now: now) }
        let index: Int
        if let forgotten = free.popLast() {
            index = forgotten
            let generation = entries[index - 1].generation &+ 1
            entries[index - 1] = Entry(hash: hash, generation: generation, seenAt: now, values: values())
        } else if entries.count < Self.capacity {
            entries.append(Entry(hash: hash, seenAt: now, values: values()))
            index = entries.count
        } else {
            return .other
        }
        positions[hash] = index
        return TraceKeyID(index: index, generation: entries[index - 1].generation)
    }

    /// The key's values; nil for `other` and when it is forgotten.
    func values(_ id: TraceKeyID) -> [String]? {
        guard id.index > 0, id.index <= entries.count else { return nil }
        let entry = entries[id.index - 1]
        guard TraceKeyID(index: id.index, generation: entry.generation) == id, !entry.values.isEmpty else { return nil }
        return entry.values
    }

    private mutating func sweep(now: UInt64) {
        // Another thread may have been here with a later time.
        if let sweptAt, now < sweptAt || now - sweptAt < Self.sweepNanoseconds { return }
        sweptAt = now
        for index in 1...entries.count {
            let seenAt = entries[index - 1].seenAt
            guard now > seenAt, now - seenAt >= Self.idleNanoseconds else { continue }
            positions[entries[index - 1].hash] = nil
            entries[index - 1].values = []
            free.append(index)
        }
    }
}

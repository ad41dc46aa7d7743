// Numbers for the combinations of values seen at one place of the plan. Values are what senders say, so there are bounds,
// of their number and of the memory for them and for all that policies learn of them, which is set aside with a new key:
// further keys share one number. Of keys that were not seen for a while only the values are kept, for explanations of
// earlier decisions, and when others need their room nothing. A number carries a generation, so that what was learned of
// a forgotten key is never taken for another one's.

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
        /// Whether nothing is set aside for what policies learn of the key.
        var isDormant = false
        /// Empty when the key is forgotten.
        var values: [String]
    }

    /// Keys at most, besides `TraceKeyID.other`.
    static let capacity = 10_000
    /// A key not seen for so long may give way.
    static let idleNanoseconds: UInt64 = 600_000_000_000
    /// The least time between two looks for such keys.
    static let sweepNanoseconds: UInt64 = 60_000_000_000

    private let memory: KeyMemory
    /// What policies learn of each key at most.
    private var learnedBytes = 0
    /// How long that is of use.
    private var retention = Self.idleNanoseconds
    private var positions: [UInt64: Int] = [:]
    /// The first key is at index 1.
    private var entries: [Entry] = []
    /// Those with lower indices are used first, so that the array can become shorter.
    private var free: [Int] = []
    /// The generation of entries at new positions: there may have been others before.
    private var firstGeneration: UInt32 = 0
    private var sweptAt: UInt64?
    private(set) var needsRoom = false
    /// How often there was no room for a key.
    private(set) var refusals = 0

    /// An entry and its place in `positions`, in containers that have grown to twice what they need.
    private static let entryBytes = 2 * (MemoryLayout<Entry>.stride + 24)
    /// An array, or a string's storage, with what the allocator adds.
    private static let headerBytes = 48
    private static let longestInlineText = 15

    init(_ memory: KeyMemory = KeyMemory()) {
        self.memory = memory
    }

    /// Sets `bytes` aside for each key to come, for what a policy learns of it and makes use of for `window` nanoseconds.
    mutating func charge(_ bytes: Int, for window: UInt64) {
        learnedBytes += bytes
        retention = max(retention, window)
    }

    /// Keys that are known.
    var count: Int { positions.count }

    /// The number of the key with this hash.
    /// - Parameter values: the key's values, asked for when it is new; at least one.
    mutating func id(_ hash: UInt64, now: UInt64, values: () -> [String]) -> TraceKeyID {
        if let index = positions[hash] {
            entries[index - 1].seenAt = max(now, entries[index - 1].seenAt)
            if entries[index - 1].isDormant, !wake(index) { return refused() }
            return TraceKeyID(index: index, generation: entries[index - 1].generation)
        }
        guard !free.isEmpty || entries.count < Self.capacity, let values = stored(values) else {
            return refused()
        }
        let index: Int
        if let forgotten = free.popLast() {
            index = forgotten
            let generation = entries[index - 1].generation &+ 1
            entries[index - 1] = Entry(hash: hash, generation: generation, seenAt: now, values: values)
        } else {
            entries.append(Entry(hash: hash, generation: firstGeneration, seenAt: now, values: values))
            index = entries.count
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

    /// Gives back memory of keys that were not seen for a while.
    /// - Parameter isShort: whether a key of any table found no room.
    /// - Returns: the keys of which nothing need be known now.
    mutating func forgetIdle(now: UInt64, needsRoom isShort: Bool = false) -> [TraceKeyID] {
        if let sweptAt, now < sweptAt || now - sweptAt < Self.sweepNanoseconds { return [] }
        needsRoom = needsRoom || isShort
        sweptAt = now
        var idle: [TraceKeyID] = []
        for position in entries.indices {
            if !entries[position].values.isEmpty { rest(position, now: now) }
            guard entries[position].isDormant else { continue }
            // Those of earlier looks, too: traces that waited long may have brought something back.
            idle.append(TraceKeyID(index: position + 1, generation: entries[position].generation))
        }
        if needsRoom { shrink() }
        needsRoom = false
        return idle
    }

    private mutating func rest(_ position: Int, now: UInt64) {
        let entry = entries[position]
        // Another thread may have been here with a later time.
        let age = now > entry.seenAt ? now - entry.seenAt : 0
        let givesWay = needsRoom && age >= Self.idleNanoseconds
        if !entry.isDormant, givesWay || age >= retention {
            entries[position].isDormant = true
            memory.giveBack(learnedBytes)
        }
        guard givesWay else { return }
        positions[entry.hash] = nil
        entries[position].values = []
        memory.giveBack(Self.entryBytes + Self.bytes(of: entry.values))
    }

    /// Sets memory aside again for what policies learn of a key; false when there is no room.
    private mutating func wake(_ index: Int) -> Bool {
        guard memory.take(learnedBytes) else { return false }
        entries[index - 1].isDormant = false
        return true
    }

    private mutating func refused() -> TraceKeyID {
        needsRoom = true
        refusals &+= 1
        return .other
    }

    /// The values of a new key, once there is room for it. They are made last: whoever sends ever new ones where there is
    /// no room must not cost much.
    private func stored(_ values: () -> [String]) -> [String]? {
        let bytes = Self.entryBytes + learnedBytes
        guard memory.take(bytes) else { return nil }
        let values = values()
        if memory.take(Self.bytes(of: values)) { return values }
        memory.giveBack(bytes)
        return nil
    }

    private static func bytes(of values: [String]) -> Int {
        values.reduce(headerBytes) { sum, value in
            let count = value.utf8.count
            return sum + MemoryLayout<String>.stride + (count > longestInlineText ? headerBytes + count : 0)
        }
    }

    private mutating func shrink() {
        while let last = entries.last, last.values.isEmpty {
            firstGeneration = max(firstGeneration, last.generation &+ 1)
            entries.removeLast()
        }
        entries.releaseSurplus()
        if positions.capacity > 4 * positions.count + 64 {
            positions = Dictionary(uniqueKeysWithValues: positions.map { ($0, $1) })
        }
        free = entries.indices.reversed().filter { entries[$0].values.isEmpty }.map { $0 + 1 }
    }
}

extension Array {
    /// Moves to a smaller storage when most of this one is unused.
    mutating func releaseSurplus() {
        guard capacity > 4 * count + 64 else { return }
        var smaller: [Element] = []
        smaller.reserveCapacity(count)
        smaller.append(contentsOf: self)
        self = smaller
    }
}

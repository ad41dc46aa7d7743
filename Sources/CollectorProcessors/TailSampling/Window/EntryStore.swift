// Storage of trace entries, numbered, in chunks. Traces die about in the order they came, so whole chunks come free:
// they are used again, and those that a while of traffic did not need go back to the system.

/// Trace entries by number.
struct EntryStore: ~Copyable {
    /// One chunk of entries.
    private struct Chunk {
        var live = 0
        /// Entries from here on were never used since the chunk was last empty.
        var fresh = 0
        /// The first of the used ones that is free again, linked by `TraceEntry.next`.
        var free = none
        var isUsable = false
        var isListed = false
    }

    static let stride = MemoryLayout<TraceEntry>.stride
    /// With this many, a chunk is a whole number of pages whatever the stride (a multiple of 8).
    static let entriesPerChunk = 512
    static let chunkBytes = entriesPerChunk * stride

    private var memory: ReservedMemory
    private var chunks: [Chunk] = []
    /// Chunks with room; the last one is filled first. A chunk that is full leaves lazily.
    private var open: [Int] = []
    private var idle = IdleStack()
    private var released: [Int] = []

    /// - Parameter limit: bytes of entries at most.
    init?(limit: Int) {
        guard let memory = ReservedMemory(reserving: max(limit, Self.chunkBytes)) else { return nil }
        self.memory = memory
    }

    subscript(number: UInt32) -> TraceEntry {
        @inline(__always) get { memory.load(Self.offset(number), as: TraceEntry.self) }
        @inline(__always) set { memory.store(newValue, at: Self.offset(number)) }
    }

    /// Stores an entry; nil when `allowance` or the system has no memory for another chunk.
    mutating func insert(_ entry: TraceEntry, _ allowance: inout MemoryAllowance) -> UInt32? {
        while let chunk = open.last, chunks[chunk].live == Self.entriesPerChunk {
            chunks[chunk].isListed = false
            open.removeLast()
        }
        guard let chunk = open.last ?? openChunk(&allowance) else { return nil }
        let number: UInt32
        if chunks[chunk].free != none {
            number = chunks[chunk].free
            chunks[chunk].free = self[number].next
        } else {
            number = UInt32(truncatingIfNeeded: chunk &* Self.entriesPerChunk &+ chunks[chunk].fresh)
            chunks[chunk].fresh &+= 1
        }
        chunks[chunk].live &+= 1
        self[number] = entry
        return number
    }

    mutating func remove(_ number: UInt32) {
        let chunk = Int(number) / Self.entriesPerChunk
        var entry = self[number]
        entry.next = chunks[chunk].free
        entry.place = .free
        self[number] = entry
        chunks[chunk].free = number
        chunks[chunk].live &-= 1
        if !chunks[chunk].isListed {
            chunks[chunk].isListed = true
            open.append(chunk)
        } else if chunks[chunk].live == 0, open.count > 1 {
            chunks[chunk].free = none
            chunks[chunk].fresh = 0
            chunks[chunk].isListed = false
            open.removeAll { $0 == chunk }
            idle.push(chunk)
        }
    }

    /// Gives back the chunks that were idle ever since the last call.
    mutating func trim(_ allowance: inout MemoryAllowance) {
        for chunk in idle.takeUnneeded(keeping: 0) {
            memory.discard(chunk &* Self.chunkBytes..<(chunk &+ 1) &* Self.chunkBytes)
            released.append(chunk)
            allowance.giveBack(Self.chunkBytes)
        }
    }

    private mutating func openChunk(_ allowance: inout MemoryAllowance) -> Int? {
        let chunk: Int
        if let reused = idle.pop() {
            chunk = reused
        } else {
            guard allowance.take(Self.chunkBytes) else { return nil }
            if let known = released.popLast() {
                chunk = known
            } else {
                guard memory.extend(to: (chunks.count &+ 1) &* Self.chunkBytes) else {
                    allowance.giveBack(Self.chunkBytes)
                    return nil
                }
                chunk = chunks.count
                chunks.append(Chunk())
            }
        }
        chunks[chunk].isListed = true
        open.append(chunk)
        return chunk
    }

    @inline(__always)
    private static func offset(_ number: UInt32) -> Int { Int(number) &* stride }
}

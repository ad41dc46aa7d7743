// Finds the number of an entry by the hash of its trace id: open addressing with linear probing, at most half full.
//
//     slot: 64 bits   [ low half of the hash | entry number + 1 ]     0: free
//
// Slots carry the hash, so growing and deleting look at nothing else. Deletion shifts the rest of its cluster back, so
// there are no tombstones. Growing is incremental: a table of the next size is mapped (zeroed by the system, page by
// page, as it is touched), and each insertion moves some clusters of the old one over; until that is done, searches
// look at both. A moved cluster is cleared as a whole, so that the clusters left behind stay as complete as they were.
// After a burst the table gets smaller in the same way.
//
// The hash is keyed, so that senders cannot choose ids that collide.

/// Entry numbers by 32-bit hash. Several entries may have one hash; the caller tells them apart.
struct SlotTable: ~Copyable {
    private static let smallest = 512
    /// What an empty one takes.
    static let smallestBytes = smallest * 8
    private static let slotsMovedAtOnce = 32

    private var slots: ReservedMemory
    private var mask: Int
    private var previous: ReservedMemory?
    private var previousMask = 0
    /// The next old slot to move; never inside a cluster.
    private var cursor = 0
    private var left = 0
    private var charged = 0
    private(set) var count = 0

    /// An empty table; nil when `allowance` or the system has no memory to give.
    init?(_ allowance: inout MemoryAllowance) {
        guard allowance.take(Self.smallest * 8), let slots = Self.map(Self.smallest) else { return nil }
        self.slots = slots
        mask = Self.smallest - 1
        charged = Self.smallest * 8
    }

    /// The capacity to move to with the next insertion; 0 to stay.
    private var nextCapacity: Int {
        guard previous == nil else { return 0 }
        let capacity = mask &+ 1
        if (count &+ 1) &* 2 > capacity { return capacity &* 2 }
        if capacity > Self.smallest, count &* 32 < capacity { return max(Self.smallest, capacity / 4) }
        return 0
    }

    /// Reads where an entry with this hash would stand; says nothing.
    @inline(__always)
    func touch(_ hash: UInt32) -> UInt64 { slots.load((Int(hash) & mask) &* 8, as: UInt64.self) }

    /// The first entry with this hash that `isIt` accepts.
    @inline(__always)
    func find(_ hash: UInt32, _ isIt: (UInt32) -> Bool) -> UInt32? {
        if let found = Self.position(hash, slots, mask, isIt) {
            return Self.entry(slots.load(found &* 8, as: UInt64.self))
        }
        if previous != nil { return findInPrevious(hash, isIt) }
        return nil
    }

    private func findInPrevious(_ hash: UInt32, _ isIt: (UInt32) -> Bool) -> UInt32? {
        switch previous {
        case .some(let old):
            guard let found = Self.position(hash, old, previousMask, isIt) else { return nil }
            return Self.entry(old.load(found &* 8, as: UInt64.self))
        case .none: return nil
        }
    }

    /// Adds an entry; false when the table would have to grow and there is no memory.
    mutating func insert(_ hash: UInt32, entry: UInt32, _ allowance: inout MemoryAllowance) -> Bool {
        let capacity = nextCapacity
        if capacity > 0 {
            guard allowance.take(capacity &* 8) else { return false }
            charged &+= capacity &* 8
            guard let next = Self.map(capacity) else {
                settle(&allowance)
                return false
            }
            startMoving(to: next, capacity: capacity)
        }
        if previous != nil { moveSome() }
        settle(&allowance)
        Self.put(Self.slot(hash, entry), &slots, mask)
        count &+= 1
        return true
    }

    /// Starts over with the smallest table if this one is empty; for when nothing arrives any more.
    mutating func trim(_ allowance: inout MemoryAllowance) {
        if count == 0, mask &+ 1 > Self.smallest, let fresh = Self.map(Self.smallest) {
            slots = fresh
            mask = Self.smallest - 1
            previous = nil
        }
        settle(&allowance)
    }

    /// Gives back what is charged beyond the tables there are.
    private mutating func settle(_ allowance: inout MemoryAllowance) {
        let bytes = (mask &+ 1 &+ (previous == nil ? 0 : previousMask &+ 1)) &* 8
        guard charged > bytes else { return }
        allowance.giveBack(charged &- bytes)
        charged = bytes
    }

    /// Removes the entry, which must be there.
    mutating func remove(_ hash: UInt32, entry: UInt32) {
        count &-= 1
        if let position = Self.position(hash, slots, mask, { $0 == entry }) {
            Self.clear(position, &slots, mask)
            return
        }
        guard var old = previous.take() else { return }
        if let position = Self.position(hash, old, previousMask, { $0 == entry }) {
            Self.clear(position, &old, previousMask)
            left &-= 1
        }
        if left > 0 { previous = consume old }
    }

    private mutating func startMoving(to next: consuming ReservedMemory, capacity: Int) {
        var old = consume next
        swap(&slots, &old)
        // Begin at the end of a cluster: one that wraps around is moved last, as a whole.
        var start = 0
        while old.load(start &* 8, as: UInt64.self) != 0 { start &+= 1 }
        cursor = start
        previousMask = mask
        left = count
        if left > 0 { previous = consume old }
        mask = capacity &- 1
    }

    /// Moves whole clusters from the next old slots; done before the new table is half full.
    private mutating func moveSome() {
        guard var old = previous.take() else { return }
        var steps = 0
        while left > 0 {
            let slot = old.load(cursor &* 8, as: UInt64.self)
            if slot == 0, steps >= Self.slotsMovedAtOnce { break }
            if slot != 0 {
                Self.put(slot, &slots, mask)
                old.store(UInt64(0), at: cursor &* 8)
                left &-= 1
            }
            cursor = (cursor &+ 1) & previousMask
            steps &+= 1
        }
        if left > 0 { previous = consume old }
    }

    private static func map(_ capacity: Int) -> ReservedMemory? {
        guard var memory = ReservedMemory(reserving: capacity &* 8), memory.extend(to: capacity &* 8) else {
            return nil
        }
        return memory
    }

    private static func slot(_ hash: UInt32, _ entry: UInt32) -> UInt64 { UInt64(hash) << 32 | UInt64(entry &+ 1) }
    private static func entry(_ slot: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: slot) &- 1 }
    private static func hash(_ slot: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: slot >> 32) }

    @inline(__always)
    private static func position(
        _ hash: UInt32, _ slots: borrowing ReservedMemory, _ mask: Int, _ isIt: (UInt32) -> Bool
    ) -> Int? {
        var at = Int(hash) & mask
        while true {
            let slot = slots.load(at &* 8, as: UInt64.self)
            if slot == 0 { return nil }
            if Self.hash(slot) == hash, isIt(entry(slot)) { return at }
            at = (at &+ 1) & mask
        }
    }

    private static func put(_ slot: UInt64, _ slots: inout ReservedMemory, _ mask: Int) {
        var at = Int(hash(slot)) & mask
        while slots.load(at &* 8, as: UInt64.self) != 0 { at = (at &+ 1) & mask }
        slots.store(slot, at: at &* 8)
    }

    /// Empties a slot and shifts back what stands behind it, as far as that may stand nearer to its home.
    private static func clear(_ position: Int, _ slots: inout ReservedMemory, _ mask: Int) {
        var hole = position
        var at = (hole &+ 1) & mask
        while true {
            let slot = slots.load(at &* 8, as: UInt64.self)
            if slot == 0 { break }
            let distanceFromHome = (at &- (Int(hash(slot)) & mask)) & mask
            if distanceFromHome >= (at &- hole) & mask {
                slots.store(slot, at: hole &* 8)
                hole = at
            }
            at = (at &+ 1) & mask
        }
        slots.store(UInt64(0), at: hole &* 8)
    }
}

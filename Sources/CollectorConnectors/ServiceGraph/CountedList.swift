/// Values by key in slots, so that they can be gone through piece by piece while others come and go. What each takes is
/// charged to the byte budget.
struct CountedList<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry: Sendable {
        var key: Key
        var value: Value
        /// Nanoseconds of the clock's `now()`.
        var lastSeen: UInt64
        var bytes: Int
    }

    private var slots: [Key: Int] = [:]
    private var entries: [Entry?] = []
    private var free: [Int] = []
    private let limit: Int
    private let room: SeriesRoom

    init(limit: Int, room: SeriesRoom) {
        self.limit = limit
        self.room = room
    }

    var count: Int { slots.count }
    /// Slots that are or were in use.
    var slotCount: Int { entries.count }

    /// Changes the value of a key, which is made when there is room.
    ///
    /// - Parameters:
    ///   - bytes: what a new one takes, keys apart.
    ///   - new: makes the value of a new one.
    /// - Returns: false when there is no room.
    mutating func update(
        _ key: Key, now: UInt64, bytes: () -> Int, new: () -> Value, _ change: (inout Value) -> Void
    ) -> Bool {
        if let slot = slots[key] {
            // In place: the slot of a key is never empty.
            entries[slot]?.lastSeen = now
            entries[slot].mutate { change(&$0.value) }
            return true
        }
        let bytes = bytes()
        guard slots.count < limit, room.take(bytes) else { return false }
        var entry = Entry(key: key, value: new(), lastSeen: now, bytes: bytes)
        change(&entry.value)
        if let slot = free.popLast() {
            slots[key] = slot
            entries[slot] = entry
        } else {
            slots[key] = entries.count
            entries.append(entry)
        }
        return true
    }

    /// What stands in a range of slots.
    func values(in range: Range<Int>) -> [(key: Key, value: Value)] {
        entries[range.clamped(to: entries.indices)].compactMap { entry in entry.map { ($0.key, $0.value) } }
    }

    /// Forgets what was not changed since `oldest`.
    mutating func expire(before oldest: UInt64) {
        for (slot, entry) in entries.enumerated() {
            guard let entry, entry.lastSeen < oldest else { continue }
            slots[entry.key] = nil
            entries[slot] = nil
            free.append(slot)
            room.giveBack(entry.bytes)
        }
    }
}

extension Optional {
    /// Changes the value in place, if there is one.
    mutating func mutate(_ body: (inout Wrapped) -> Void) {
        guard var value = take() else { return }
        body(&value)
        self = value
    }
}

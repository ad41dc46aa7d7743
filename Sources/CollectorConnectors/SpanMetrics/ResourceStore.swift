import OTLPWire

/// The resources that series belong to, in the order they were seen. Two slots have no attributes: 0 is the resource that
/// says nothing, the only one when resources are not told apart; `overflow` stands for all there is no room for.
///
/// Beyond the limit the resource that was not seen for longest makes room when nothing of it is lost by that: all it
/// counted was told, and taken. Its slot is free when its series are, which is at the next `keep`; when it comes again until
/// then, or later, it is another resource, whose counts begin anew.
struct ResourceStore: Sendable {
    struct Resource: Sendable {
        var key: UInt64 = 0
        /// The fields of its ResourceMetrics in front of the scopes, and behind them.
        var head: [UInt8] = []
        var tail: [UInt8] = []
        /// The round of points under way, or told last, when it was seen last.
        var lastRound: UInt64 = 0
        /// The slots of the resources that were seen before and after it; 0 is at both ends.
        var older: Int32 = 0
        var newer: Int32 = 0
        var state = State.used

        enum State: Sendable {
            case used
            /// It has made room for another one; its series are still there.
            case evicted
            case free
        }

        /// What it takes of the series' room.
        var bytes: Int { MemoryLayout<Resource>.stride + KeyTable.bytesPerEntry + head.count + tail.count }
    }

    /// The slot of what there is no room for.
    static let overflow = 1

    /// A resource that was found, so that the spans of a request look for it once.
    struct Place: Sendable {
        fileprivate(set) var slot: Int
        /// When that was: the slot may be another resource's once some have made room.
        fileprivate var age: UInt64

        static let none = Place(slot: 0, age: 0)
    }

    private var table = KeyTable()
    private(set) var resources = [Resource(), Resource()]
    /// Resources that made room and whose series are still there.
    private(set) var evictedCount = 0
    /// The last round of points that was told and taken, and the one under way or told last.
    private var takenRound: UInt64 = 0
    private(set) var round: UInt64 = 1
    private var free: [Int] = []
    /// Goes on whenever a resource is gone.
    private var age: UInt64 = 1
    private let limit: Int
    private let keys: AttributeFinder?
    private let room: SeriesRoom
    private let hashMask: UInt64

    /// - Parameters:
    ///   - limit: the most resources, the two without attributes not counted.
    ///   - keys: the attributes that tell resources apart; all when empty.
    ///   - hashMask: the bits of hashes that resources are found by.
    init(limit: Int, keys: [String], room: SeriesRoom, hashMask: UInt64) {
        self.hashMask = hashMask
        self.limit = limit
        self.room = room
        self.keys = keys.isEmpty ? nil : AttributeFinder(keys: keys)
    }

    /// The place of a resource, which is made if there is room; `overflow` when there is none.
    mutating func place(_ group: GroupEntry, resource: ByteRange, _ bytes: Span<UInt8>) -> Place {
        Place(slot: slot(group, resource: resource, bytes), age: age)
    }

    /// The slot of a resource that is seen again; nil when that is not known any more.
    mutating func slot(_ place: Place) -> Int? {
        guard place.age == age else { return nil }
        if place.slot > Self.overflow { touch(place.slot) }
        return place.slot
    }

    private mutating func touch(_ slot: Int) {
        resources[slot].lastRound = round
        guard resources[0].older != Int32(slot) else { return }
        unlink(slot)
        linkAsNewest(slot)
    }

    private mutating func slot(_ group: GroupEntry, resource: ByteRange, _ bytes: Span<UInt8>) -> Int {
        // It is the one without attributes: there are no two alike.
        if resource.isEmpty { return 0 }
        let key = hash(resource, bytes)
        var search = table.search(key)
        while let slot = table.next(&search) {
            guard resources[slot].state == .used, isSame(resources[slot].head, resource, bytes) else { continue }
            touch(slot)
            return slot
        }
        guard table.count - evictedCount < limit || evictOldest() else { return Self.overflow }
        let new = Resource(
            key: key, head: group.head.range.map { bytes[$0] }, tail: group.tail.range.map { bytes[$0] },
            lastRound: round)
        guard room.take(new.bytes) else { return Self.overflow }
        let slot = free.popLast() ?? resources.count
        if slot < resources.count { resources[slot] = new } else { resources.append(new) }
        table.insert(key, slot)
        linkAsNewest(slot)
        return slot
    }

    /// Whether so many resources have made room that it is time to free their series; each such sweep goes over all series,
    /// so one pays for several.
    var needsSweep: Bool { evictedCount > limit / 8 }

    func isEvicted(_ slot: Int) -> Bool { resources[slot].state == .evicted }

    /// A round of points begins: it tells at least what was counted until now.
    mutating func beginRound() { round += 1 }

    /// The round's points are all in good hands.
    mutating func taken(round: UInt64) { takenRound = max(takenRound, round) }

    /// Makes room by the resource that was not seen for longest; false when there is something to tell of it.
    private mutating func evictOldest() -> Bool {
        let slot = Int(resources[0].newer)
        guard slot > 0, resources[slot].lastRound < takenRound else { return false }
        unlink(slot)
        resources[slot].state = .evicted
        evictedCount += 1
        age += 1
        return true
    }

    /// Frees the resources that are not to be kept, and those that made room.
    mutating func keep(where isKept: (Int) -> Bool) {
        var isAny = false
        for slot in resources.indices.dropFirst(Self.overflow + 1) where resources[slot].state != .free {
            if resources[slot].state == .used {
                if isKept(slot) { continue }
                unlink(slot)
            }
            room.giveBack(resources[slot].bytes)
            resources[slot] = Resource(state: .free)
            free.append(slot)
            isAny = true
        }
        evictedCount = 0
        guard isAny else { return }
        age += 1
        let resources = resources
        table.keep { resources[$0].state != .free }
    }

    private mutating func linkAsNewest(_ slot: Int) {
        let newest = resources[0].older
        resources[slot].older = newest
        resources[slot].newer = 0
        resources[Int(newest)].newer = Int32(slot)
        resources[0].older = Int32(slot)
    }

    private mutating func unlink(_ slot: Int) {
        let (older, newer) = (resources[slot].older, resources[slot].newer)
        resources[Int(older)].newer = newer
        resources[Int(newer)].older = older
    }

    /// A hash of the attributes that tell resources apart, in any order.
    private func hash(_ resource: ByteRange, _ bytes: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 1
        if var keys {
            _ = keys.find(bytes, message: resource, attributes: 1, name: 0)
            for (position, value) in keys.values.enumerated() {
                let own = value.map { LabelValue.hash(bytes, $0) } ?? 0
                hash = mixed(hash ^ own &+ UInt64(position))
            }
            return hash & hashMask
        }
        var fields = FieldCursor(bytes, resource)
        while let field = fields.next() {
            if field.number == 1 { hash &+= LabelValue.hash(bytes, field.payload) }
        }
        return mixed(hash) & hashMask
    }

    /// Whether the attributes that tell resources apart are the same.
    private func isSame(_ head: [UInt8], _ resource: ByteRange, _ bytes: Span<UInt8>) -> Bool {
        let stored = payload(of: 1, in: ByteRange(0, head.count), head.span) ?? .empty
        // Senders nearly always write their resource alike.
        if areEqual(bytes, resource, head.span, stored) { return true }
        return identity(stored, head.span) == identity(resource, bytes)
    }

    /// The attributes that tell resources apart: by key, or in an order that does not depend on the sender's.
    private func identity(_ resource: ByteRange, _ bytes: Span<UInt8>) -> [[UInt8]?] {
        if var keys {
            _ = keys.find(bytes, message: resource, attributes: 1, name: 0)
            return keys.values.map { value in value.map { $0.range.map { bytes[$0] } } }
        }
        var pairs: [[UInt8]] = []
        var fields = FieldCursor(bytes, resource)
        while let field = fields.next() {
            if field.number == 1 { pairs.append(field.payload.range.map { bytes[$0] }) }
        }
        return pairs.sorted { $0.lexicographicallyPrecedes($1) }
    }
}

import OTLPWire

/// The resources that series belong to. Slot 0 is the one without attributes: the only one when resources are not told
/// apart, and the place of what is more than the limit.
struct ResourceStore: Sendable {
    struct Resource: Sendable {
        var key: UInt64
        /// The fields of its ResourceMetrics in front of the scopes, and behind them.
        var head: [UInt8]
        var tail: [UInt8]
        /// Nanoseconds of the clock's `now()`.
        var lastSeen: UInt64
        var isFree = false

        /// What it takes of the series' room.
        var bytes: Int { MemoryLayout<Resource>.stride + KeyTable.bytesPerEntry + head.count + tail.count }
    }

    private var table = KeyTable()
    private(set) var resources: [Resource]
    private var free: [Int] = []
    private let limit: Int
    private let keys: AttributeFinder?
    private let room: SeriesRoom
    private let hashMask: UInt64

    /// - Parameters:
    ///   - limit: the most resources, the one without attributes not counted.
    ///   - keys: the attributes that tell resources apart; all when empty.
    ///   - hashMask: the bits of hashes that resources are found by.
    init(limit: Int, keys: [String], room: SeriesRoom, hashMask: UInt64) {
        self.hashMask = hashMask
        self.limit = limit
        self.room = room
        self.keys = keys.isEmpty ? nil : AttributeFinder(keys: keys)
        resources = [Resource(key: 0, head: [], tail: [], lastSeen: 0)]
    }

    /// The slot of a resource, which is made if there is room; 0 when there is none.
    mutating func slot(_ group: GroupEntry, resource: ByteRange, _ bytes: Span<UInt8>, now: UInt64) -> Int {
        // It is the one without attributes: there are no two alike.
        if resource.isEmpty { return 0 }
        let key = hash(resource, bytes)
        var search = table.search(key)
        while let slot = table.next(&search) {
            guard isSame(resources[slot].head, resource, bytes) else { continue }
            resources[slot].lastSeen = now
            return slot
        }
        guard table.count < limit else { return 0 }
        let new = Resource(
            key: key, head: group.head.range.map { bytes[$0] }, tail: group.tail.range.map { bytes[$0] }, lastSeen: now)
        guard room.take(new.bytes) else { return 0 }
        let slot = free.popLast() ?? resources.count
        if slot < resources.count { resources[slot] = new } else { resources.append(new) }
        table.insert(key, slot)
        return slot
    }

    /// Frees the resources that are not to be kept.
    mutating func keep(where isKept: (Int) -> Bool) {
        var isAny = false
        for slot in resources.indices.dropFirst() where !resources[slot].isFree && !isKept(slot) {
            room.giveBack(resources[slot].bytes)
            resources[slot] = Resource(key: 0, head: [], tail: [], lastSeen: 0, isFree: true)
            free.append(slot)
            isAny = true
        }
        guard isAny else { return }
        let resources = resources
        table.keep { !resources[$0].isFree }
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
        if stored.count == resource.count,
            isEqual(bytes, from: resource.start, head.span, from: stored.start, resource.count)
        {
            return true
        }
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

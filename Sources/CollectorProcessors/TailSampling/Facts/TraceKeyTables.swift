import OTLPWire

/// Finds the keys of arriving spans: their values are hashed first, then all hashes of a request are looked up
/// together.
struct TraceKeyTables: Sendable {
    private let keys: [[TraceKeyPart]]
    /// Where the parts of each key begin when all are counted, and behind the last one how many there are.
    private let partOffsets: [Int]
    /// The places whose values differ from root span to root span.
    private let spanPlaces: [Int]
    private let registry: TraceKeyRegistry
    /// Keys that one lock hold looks up at most.
    private static let keysAtOnce = 4096
    /// Senders cannot aim at equal hashes.
    private let secret: UInt64

    init(_ plan: TraceKeyPlan, _ registry: TraceKeyRegistry, secret: UInt64) {
        self.secret = secret
        keys = plan.keys
        partOffsets = plan.keys.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        spanPlaces = keys.indices.filter { plan.keys[$0].contains(where: \.needsSpan) }
        self.registry = registry
    }

    /// What the resources of a request say. It is looked for once: senders may put many attributes on a resource and many
    /// spans beside it.
    func resourceKeys(_ bytes: Span<UInt8>, _ index: TraceIndex, now: UInt64) -> ResourceKeys {
        var found = ResourceKeys(resources: index.resources.count)
        var wanted: [Wanted] = []
        wanted.reserveCapacity(index.resources.count * keys.count)
        for (resource, group) in index.resources.enumerated() {
            let message = Self.resource(group, bytes)
            for place in keys.indices {
                var state = secret
                for part in keys[place] {
                    let value = TraceKeyValue(part, resource: message, bytes)
                    state = value.hash(state, bytes)
                    found.values.append(value)
                }
                wanted.append(Wanted(place: place, position: resource, hash: state))
            }
        }
        let ids = lookUp(wanted, now: now) { key in
            keys[key.place].indices.map { found.values[place(of: $0, key.place, resource: key.position)].text(bytes) }
        }
        for (key, id) in zip(wanted, ids) { found.keys[key.position][key.place] = id }
        return found
    }

    /// The keys of some spans of a request, as if each were the root of its trace. Spans with a parent have those of a
    /// root without name and attributes.
    func keys(
        _ bytes: Span<UInt8>, _ index: TraceIndex, _ range: Range<Int>, _ resources: ResourceKeys, now: UInt64
    ) -> SpanKeys {
        var found = SpanKeys(ofResources: resources.keys)
        guard !spanPlaces.isEmpty else { return found }
        var wanted: [Wanted] = []
        wanted.reserveCapacity(range.count * spanPlaces.count)
        for position in range where !index.spans[position].hasParent {
            for place in spanPlaces {
                var state = secret
                for part in keys[place].indices {
                    state = value(part, of: place, root: index.spans[position], resources, bytes, index)
                        .hash(state, bytes)
                }
                wanted.append(Wanted(place: place, position: position, hash: state))
            }
        }
        let ids = lookUp(wanted, now: now) { key in
            keys[key.place].indices.map {
                value($0, of: key.place, root: index.spans[key.position], resources, bytes, index).text(bytes)
            }
        }
        found.spread(index, range)
        for (key, id) in zip(wanted, ids) { found.set(id, at: key.place, span: key.position - range.lowerBound) }
        return found
    }

    /// The key's values, for people; nil when it is forgotten.
    func values(_ id: UInt32, at place: Int) -> [String]? {
        registry.values(TraceKeyID(rawValue: id), at: place)
    }

    /// A key whose number is to be looked up: a resource's, or a root span's.
    private struct Wanted {
        var place: Int
        /// Of the resource or the span in the request.
        var position: Int
        var hash: UInt64
    }

    private func value(
        _ part: Int, of place: Int, root: SpanEntry, _ resources: ResourceKeys, _ bytes: Span<UInt8>,
        _ index: TraceIndex
    ) -> TraceKeyValue {
        let resource = Int(index.scopes[Int(root.scope)].parent)
        return TraceKeyValue(
            keys[place][part], root: root.range,
            resource: resources.values[self.place(of: part, place, resource: resource)], bytes)
    }

    /// Where a resource's value of a part of a key stands in `ResourceKeys.values`.
    private func place(of part: Int, _ key: Int, resource: Int) -> Int {
        resource &* partOffsets[keys.count] &+ partOffsets[key] &+ part
    }

    /// Looks numbers up, many in one lock hold.
    /// - Parameter values: asked for when a key is new.
    private func lookUp(_ wanted: [Wanted], now: UInt64, values: (Wanted) -> [String]) -> [UInt32] {
        if wanted.isEmpty { return [] }
        var ids: [UInt32] = []
        ids.reserveCapacity(wanted.count)
        var rest = wanted[...]
        while !rest.isEmpty {
            registry.withTables { tables in
                for key in rest.prefix(Self.keysAtOnce) {
                    ids.append(tables[key.place].id(key.hash, now: now) { values(key) }.rawValue)
                }
            }
            rest = rest.dropFirst(Self.keysAtOnce)
        }
        return ids
    }

    private static func resource(_ group: GroupEntry, _ bytes: Span<UInt8>) -> ByteRange {
        payload(of: 1, in: group.tail, bytes) ?? payload(of: 1, in: group.head, bytes) ?? .empty
    }
}

/// What the resources of a request say.
struct ResourceKeys {
    /// The keys of each resource's traces that have no root.
    fileprivate var keys: [TraceKeys]
    /// The values of all parts of all keys, by resource.
    fileprivate var values: [TraceKeyValue] = []

    fileprivate init(resources: Int) {
        keys = Array(repeating: TraceKeys(), count: resources)
    }
}

/// The keys of some spans of a request.
struct SpanKeys: Sendable {
    private let ofResources: [TraceKeys]
    /// Empty when no key needs the span.
    private var ofSpans: [TraceKeys] = []

    fileprivate init(ofResources: [TraceKeys]) {
        self.ofResources = ofResources
    }

    /// - Parameter span: counted from the first of them.
    @inline(__always)
    func keys(of span: Int, resource: Int) -> TraceKeys { ofSpans.isEmpty ? ofResources[resource] : ofSpans[span] }

    fileprivate mutating func set(_ id: UInt32, at place: Int, span: Int) { ofSpans[span][place] = id }

    /// Gives every span the keys of its resource.
    fileprivate mutating func spread(_ index: TraceIndex, _ range: Range<Int>) {
        ofSpans = index.spans[range].map { ofResources[Int(index.scopes[Int($0.scope)].parent)] }
    }
}

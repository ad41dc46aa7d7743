import OTLPWire

/// Finds the keys of arriving spans: their values are hashed first, then all hashes of a request are looked up
/// together.
struct TraceKeyTables: Sendable {
    private let keys: [[TraceKeyPart]]
    /// The places whose values differ from root span to root span.
    private let spanPlaces: [Int]
    private let registry: TraceKeyRegistry
    /// Senders cannot aim at equal hashes.
    private let secret: UInt64

    init(_ plan: TraceKeyPlan, _ registry: TraceKeyRegistry, secret: UInt64) {
        self.secret = secret
        keys = plan.keys
        spanPlaces = keys.indices.filter { plan.keys[$0].contains(where: \.needsSpan) }
        self.registry = registry
    }

    /// The keys of each span of a request, as if it were the root of its trace. Spans with a parent have those of a
    /// root without name and attributes.
    func keys(_ bytes: Span<UInt8>, _ index: TraceIndex, now: UInt64) -> SpanKeys {
        let resources = index.resources.map { Self.resource($0, bytes) }
        var wanted: [Wanted] = []
        wanted.reserveCapacity(resources.count * keys.count)
        for resource in resources.indices {
            for place in keys.indices {
                wanted.append(want(place, resource: resource, resources[resource], span: nil, bytes, index))
            }
        }
        if !spanPlaces.isEmpty {
            for (position, span) in index.spans.enumerated() where !span.hasParent {
                let resource = Int(index.scopes[Int(span.scope)].parent)
                for place in spanPlaces {
                    wanted.append(want(place, resource: resource, resources[resource], span: position, bytes, index))
                }
            }
        }
        return lookUp(wanted, resources, bytes, index, now: now)
    }

    /// The key's values, for people; nil when it is forgotten.
    func values(_ id: UInt32, at place: Int) -> [String]? {
        registry.values(TraceKeyID(rawValue: id), at: place)
    }

    /// A key whose number is to be looked up: a resource's, or a root span's.
    private struct Wanted {
        var place: Int
        var resource: Int
        var span: Int?
        var hash: UInt64
    }

    private func want(
        _ place: Int, resource: Int, _ message: ByteRange, span: Int?, _ bytes: Span<UInt8>, _ index: TraceIndex
    ) -> Wanted {
        var hash = secret
        for part in keys[place] {
            let value = TraceKeyValue(part, resource: message, span: span.map { index.spans[$0].range }, bytes)
            hash = value.hash(hash, bytes)
        }
        return Wanted(place: place, resource: resource, span: span, hash: hash)
    }

    private func lookUp(
        _ wanted: [Wanted], _ resources: [ByteRange], _ bytes: Span<UInt8>, _ index: TraceIndex, now: UInt64
    ) -> SpanKeys {
        var found = SpanKeys(resources: resources.count)
        var ids: [UInt32] = []
        ids.reserveCapacity(wanted.count)
        registry.withTables { tables in
            for key in wanted {
                let id = tables[key.place].id(key.hash, now: now) {
                    keys[key.place].map { part in
                        let span = key.span.map { index.spans[$0].range }
                        return TraceKeyValue(part, resource: resources[key.resource], span: span, bytes).text(bytes)
                    }
                }
                ids.append(id.rawValue)
            }
        }
        for (key, id) in zip(wanted, ids) where key.span == nil { found.set(id, at: key.place, resource: key.resource) }
        guard !spanPlaces.isEmpty else { return found }
        found.spread(index)
        for (key, id) in zip(wanted, ids) {
            if let span = key.span { found.set(id, at: key.place, span: span) }
        }
        return found
    }

    private static func resource(_ group: GroupEntry, _ bytes: Span<UInt8>) -> ByteRange {
        payload(of: 1, in: group.tail, bytes) ?? payload(of: 1, in: group.head, bytes) ?? .empty
    }
}

/// The keys of a request's spans.
struct SpanKeys: Sendable {
    private var ofResources: [TraceKeys]
    /// Empty when no key needs the span.
    private var ofSpans: [TraceKeys] = []

    init(resources: Int) {
        ofResources = Array(repeating: TraceKeys(), count: resources)
    }

    @inline(__always)
    func keys(of span: Int, resource: Int) -> TraceKeys { ofSpans.isEmpty ? ofResources[resource] : ofSpans[span] }

    fileprivate mutating func set(_ id: UInt32, at place: Int, resource: Int) { ofResources[resource][place] = id }

    fileprivate mutating func set(_ id: UInt32, at place: Int, span: Int) { ofSpans[span][place] = id }

    /// Gives every span the keys of its resource.
    fileprivate mutating func spread(_ index: TraceIndex) {
        ofSpans = index.spans.map { ofResources[Int(index.scopes[Int($0.scope)].parent)] }
    }
}

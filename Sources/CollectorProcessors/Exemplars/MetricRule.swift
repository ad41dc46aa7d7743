// What a metric says about spans: by the semantic conventions of OpenTelemetry, old and new, or by a rule of the user's.

/// Which spans a metric measures, and what of them is its value.
struct MetricRule: Sendable, Equatable {
    enum Attributes: Sendable, Equatable {
        /// Those that both the point and the span have are equal.
        case shared
        /// Both have each of these, and they are equal: hashes of the keys.
        case listed([Pair])
        /// The point has labels that the spans it counts were asked for: what they say of themselves, and attributes.
        case ofSpan

        struct Pair: Sendable, Equatable {
            var metric: UInt64
            var span: UInt64
        }
    }

    enum Value: Sendable, Equatable {
        /// The span's duration in the metric's unit.
        case duration
        /// Each span counts one.
        case one
        /// The number under a span attribute, given by its key's hash.
        case attribute(UInt64)
    }

    var kinds: SpanKindSet
    /// The convention that spans must not contradict.
    var convention: Convention?
    var attributes = Attributes.shared
    var value = Value.duration

    /// The rule of a histogram whose name a convention defines, or that says at least which side of a call it measures.
    init?(conventionalName name: String) {
        if let known = Convention.metrics[name] {
            (kinds, convention) = (known.kinds, known.convention)
            return
        }
        // Libraries with names of their own, such as `grpc.server.call.duration`. Not all times of a client are those of
        // its calls (`db.client.connection.wait_time`), so the name has to say that it is the duration.
        guard name.hasSuffix(".duration") else { return nil }
        if name.hasPrefix("messaging.") {
            // Clients of messaging are producers and consumers.
            (kinds, convention) = ([.producer, .consumer, .client], .messaging)
            return
        }
        if name.contains(".server.") {
            kinds = .server
        } else if name.contains(".client.") {
            kinds = .client
        } else {
            return nil
        }
        convention = nil
    }

    init(kinds: SpanKindSet, attributes: Attributes = .shared, value: Value = .duration) {
        self.kinds = kinds
        self.attributes = attributes
        self.value = value
    }

    /// Whether spans of this kind with these attributes are measured by a series with those.
    func matches(kind: UInt8, _ span: [UInt64: UInt64], _ point: [HashedAttribute]) -> Bool {
        guard kinds.includes(kind: kind), convention?.allows(span, kind: kind) != false else { return false }
        switch attributes {
        case .shared:
            return point.allSatisfy { (span[$0.key] ?? $0.value) == $0.value }
        case .ofSpan:
            return point.allSatisfy { label in
                if label.key == SpanFields.serviceLabel { return true }
                guard label.key != SpanFields.overflowLabel else { return false }
                return (span[SpanFields.key(ofLabel: label.key)] ?? label.value) == label.value
            }
        case .listed(let pairs):
            return pairs.allSatisfy { pair in
                guard let own = point.first(where: { $0.key == pair.metric }) else { return false }
                return span[pair.span] == own.value
            }
        }
    }

    /// How exactly a series with these attributes fits a span that matches; nil when all that match measure it. Metrics made
    /// of spans count each in one series: the one that has most of its attributes, and no other labels.
    func fit(_ span: [UInt64: UInt64], _ point: [HashedAttribute]) -> Int? {
        guard attributes == .ofSpan else { return nil }
        let shared = point.count { span[SpanFields.key(ofLabel: $0.key)] != nil }
        return shared * 1024 - min(point.count - shared, 1023)
    }

    /// The only value that spans may have under a key if a series with these attributes measures them; nil when others
    /// are possible.
    func value(ofSpan key: UInt64, for point: [HashedAttribute]) -> UInt64? {
        switch attributes {
        case .shared: point.first { $0.key == key }?.value
        case .ofSpan:
            point.first { SpanFields.key(ofLabel: $0.key) == key && $0.key != SpanFields.serviceLabel }?.value
        case .listed(let pairs):
            pairs.first { $0.span == key }.flatMap { pair in point.first { $0.key == pair.metric }?.value }
        }
    }

    /// The keys of the span attributes that decide for series with these attributes.
    func spanKeys(_ point: [HashedAttribute]) -> [UInt64] {
        let markers = convention == nil ? [] : Convention.markerKeys
        switch attributes {
        case .shared: return point.map(\.key) + markers
        case .ofSpan: return point.map { SpanFields.key(ofLabel: $0.key) }
        case .listed(let pairs): return pairs.map(\.span) + markers
        }
    }
}

/// A family of the semantic conventions.
enum Convention: Sendable, Equatable, CaseIterable {
    case http, rpc, database, messaging

    struct Metric: Sendable {
        var kinds: SpanKindSet
        var convention: Convention
    }

    /// The durations that the conventions define, under their old and new names (semantic conventions 1.20 to 1.37, HTTP,
    /// RPC, database and messaging metrics). Times of a client that are none of its calls are left out, as
    /// `db.client.connections.use_time` and `db.client.connection.wait_time`: a connection serves many calls, or none.
    static let metrics: [String: Metric] = [
        "http.server.duration": Metric(kinds: .server, convention: .http),
        "http.server.request.duration": Metric(kinds: .server, convention: .http),
        "http.client.duration": Metric(kinds: .client, convention: .http),
        "http.client.request.duration": Metric(kinds: .client, convention: .http),
        "rpc.server.duration": Metric(kinds: .server, convention: .rpc),
        "rpc.server.call.duration": Metric(kinds: .server, convention: .rpc),
        "rpc.client.duration": Metric(kinds: .client, convention: .rpc),
        "rpc.client.call.duration": Metric(kinds: .client, convention: .rpc),
        "db.client.operation.duration": Metric(kinds: .client, convention: .database),
        "messaging.publish.duration": Metric(kinds: [.producer, .client], convention: .messaging),
        "messaging.receive.duration": Metric(kinds: [.consumer, .client], convention: .messaging),
        "messaging.deliver.duration": Metric(kinds: .consumer, convention: .messaging),
        "messaging.process.duration": Metric(kinds: .consumer, convention: .messaging),
        "messaging.client.operation.duration": Metric(
            kinds: [.producer, .consumer, .client], convention: .messaging),
    ]

    /// Hashes of the keys that a span of the family has, old and new.
    private static let markers: [(convention: Convention, keys: [UInt64])] = [
        (.http, ["http.request.method", "http.method"].map(HashedAttribute.key)),
        (.rpc, ["rpc.system.name", "rpc.system"].map(HashedAttribute.key)),
        (.database, ["db.system.name", "db.system"].map(HashedAttribute.key)),
        (.messaging, [HashedAttribute.key(of: "messaging.system")]),
    ]

    static let markerKeys = markers.flatMap(\.keys)

    /// Whether a span can belong to the family: it does, or says nothing of any. A span without a word of messaging is
    /// no message for being a client's.
    func allows(_ span: [UInt64: UInt64], kind: UInt8) -> Bool {
        var isOfAnother = false
        for (convention, keys) in Self.markers where keys.contains(where: { span[$0] != nil }) {
            if convention == self { return true }
            isOfAnother = true
        }
        return !isOfAnother && !(self == .messaging && SpanKindSet.client.includes(kind: kind))
    }
}

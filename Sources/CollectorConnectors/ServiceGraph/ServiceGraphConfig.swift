package import CollectorCore

/// The `service_graph` section. Keys and defaults are those of the OpenTelemetry Collector where it has them.
package struct ServiceGraphConfig: Sendable {
    var buckets: [Duration]
    /// The most buckets of exponential histograms; nil for explicit buckets.
    var exponentialSize: Int?
    /// Attributes of either side's span or resource that become labels `client_…` and `server_…`.
    var dimensions: [String]
    /// How long half an edge waits for the other half.
    var ttl: Duration
    /// How many half edges wait at once.
    var maxItems: Int
    /// How often edges are looked through for those without requests for `staleAfter`.
    var cacheLoop: Duration
    /// How often half edges are looked through for those that have waited long enough.
    var expirationLoop: Duration
    /// Attributes that name what a client span calls when that sends no spans; the first one found counts.
    var peerAttributes: [String]
    /// Attributes that make a client span a database call and name the database.
    var databaseAttributes: [String]
    /// Adds `virtual_node`, which says whose side was not seen.
    var hasVirtualNodeLabel: Bool
    /// Zero sends after every request.
    var flushInterval: Duration
    /// The most edges that are shown; further ones are counted together.
    var edgeLimit: Int

    /// How long an edge without requests is shown: told at least once in any case.
    var staleAfter: Duration { max(.seconds(900), flushInterval * 2) }

    /// The OpenTelemetry Collector's, then what today's semantic conventions call them (`db.namespace` is the database's
    /// name already); the host comes last, since it is on nearly every client span.
    private static let usualPeers = [
        "peer.service", "db.name", "db.system", "service.peer.name", "db.system.name", "server.address",
    ]

    package init(_ reader: ConfigReader) {
        buckets = reader.bounds("latency_histogram_buckets")
        let size = reader.integer("exponential_histogram_max_size", default: 0, in: 0...1024)
        exponentialSize = size > 0 ? max(2, size) : nil
        if size > 0, reader.has("latency_histogram_buckets") {
            reader.error(
                "exponential_histogram_max_size", "cannot stand beside `latency_histogram_buckets`; keep one of them")
        }
        dimensions = reader.strings("dimensions")
        let store = reader.settings("store")
        ttl = store.duration("ttl", default: .seconds(2), allowsZero: false)
        maxItems = store.integer("max_items", default: 1000, in: 1...10_000_000)
        cacheLoop = reader.duration("cache_loop", default: .seconds(60), allowsZero: false)
        expirationLoop = reader.duration("store_expiration_loop", default: .seconds(2), allowsZero: false)
        peerAttributes = reader.strings("virtual_node_peer_attributes", default: Self.usualPeers)
        reader.renamed("database_name_attribute", to: "database_name_attributes")
        databaseAttributes = reader.strings("database_name_attributes", default: ["db.name", "db.namespace"])
        hasVirtualNodeLabel = reader.bool("virtual_node_extra_label", default: false)
        flushInterval = reader.duration("metrics_flush_interval", default: .seconds(60))
        edgeLimit = reader.integer("aggregation_cardinality_limit", default: 10_000, in: 1...10_000_000)
        reader.hint("metrics_exporter")
        if Set(dimensions).count != dimensions.count { reader.error("dimensions", "must name each attribute once") }
        reader.finish()
    }
}

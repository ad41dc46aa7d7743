import Synchronization

/// What a sink has taken in, as `/stats` tells it.
struct SinkStatistics: Sendable, Equatable {
    var requests = 0
    /// Requests answered with an error on purpose.
    var refusedRequests = 0
    /// Requests that are no OTLP.
    var malformedRequests = 0
    var spans = 0
    var metricPoints = 0
    var logRecords = 0
    /// Bodies as sent.
    var wireBytes = 0
    /// Bodies after decompression.
    var bodyBytes = 0

    var items: Int { spans + metricPoints + logRecords }

    private static let fields: [(name: String, path: any WritableKeyPath<SinkStatistics, Int> & Sendable)] = [
        ("requests", \.requests), ("refused_requests", \.refusedRequests),
        ("malformed_requests", \.malformedRequests), ("spans", \.spans), ("metric_points", \.metricPoints),
        ("log_records", \.logRecords), ("wire_bytes", \.wireBytes), ("body_bytes", \.bodyBytes),
    ]

    init() {}

    var json: String {
        "{" + Self.fields.map { "\"\($0.name)\": \(self[keyPath: $0.path])" }.joined(separator: ", ") + "}"
    }

    /// Reads what `json` wrote; nil when a field is missing.
    init?(json: String) {
        for (name, path) in Self.fields {
            guard let value = Self.number(named: name, in: json) else { return nil }
            self[keyPath: path] = value
        }
    }

    private static func number(named name: String, in json: String) -> Int? {
        for member in json.split(whereSeparator: { "{},".contains($0) }) {
            let parts = member.split(separator: ":")
            if parts.count == 2, parts[0].filter({ $0 != " " && $0 != "\n" }) == "\"\(name)\"" {
                return Int(parts[1].filter { $0 != " " && $0 != "\n" })
            }
        }
        return nil
    }
}

/// The counters of a running sink.
final class SinkCounters: Sendable {
    private let statistics = Mutex(SinkStatistics())

    var snapshot: SinkStatistics { statistics.withLock { $0 } }

    func update(_ change: (inout SinkStatistics) -> Void) {
        statistics.withLock { change(&$0) }
    }
}

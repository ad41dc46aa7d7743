import CollectorCore

/// Which decisions are asked for, and how many.
struct DecisionQuery {
    static let parameters = ["policy", "voted", "service", "decision", "limit"]

    var filter: DecisionFilter
    var limit: Int

    init(_ parameters: QueryParameters) throws(QueryError) {
        filter = DecisionFilter(
            policy: parameters["policy"], voter: parameters["voted"], service: parameters["service"],
            isKept: try Self.isKept(parameters["decision"]))
        limit = try Self.limit(parameters["limit"])
    }

    /// `sampled` and `not_sampled` are the words of policies and of the OpenTelemetry Collector's metrics.
    private static func isKept(_ text: String?) throws(QueryError) -> Bool? {
        switch text {
        case nil: return nil
        case "kept", "sampled": return true
        case "dropped", "not_sampled": return false
        case let text?:
            throw QueryError("decision: expected `kept` or `dropped`, found `\(text.clipped(to: 64).printable)`")
        }
    }

    private static func limit(_ text: String?) throws(QueryError) -> Int {
        guard let text else { return 100 }
        guard let limit = Int(text), (1...1000).contains(limit) else {
            throw QueryError(
                "limit: expected a whole number from 1 to 1000, found `\(text.clipped(to: 64).printable)`")
        }
        return limit
    }
}

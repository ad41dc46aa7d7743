/// Collects metrics. A point that is invalid by its meaning is refused alone (conformance 66, 67).
struct MetricIndexer: ItemIndexer {
    static let requestShape = MessageShape.metricRequest
    static let resourceShape = MessageShape.resourceMetrics
    static let scopeShape = MessageShape.scopeMetrics

    var groups = Groups()
    var metrics: [MetricEntry] = []
    var pointCount = 0
    var refused = RefusedItems()
    var refusedPoints: [RefusedPoints] = []

    var itemCount: Int { metrics.count }

    mutating func item(_ validator: inout Validator, _ end: Int) throws(WireError) {
        var entry = MetricEntry(
            range: ByteRange(validator.at, end), data: .empty, name: .empty, scope: groups.currentScope, pointCount: 0,
            kind: .none)
        try validator.metric(&entry, end)
        guard entry.kind != .none else { return }

        let refusedBefore = refused.count
        var points = 0
        var fields = FieldCursor(validator.bytes, entry.data)
        while let field = fields.next() {
            guard field.number == 1, case .bytes(let point) = field.value else { continue }
            points += 1
            if let problem = PointRules.problem(of: point, entry.kind, in: validator.bytes) {
                refuse(field.range, problem)
            }
        }
        // Metrics without points say nothing; leaving them out also bounds the index by the size of real data.
        guard points > 0 else { return }
        points -= refused.count - refusedBefore
        entry.pointCount = UInt32(truncatingIfNeeded: points)
        metrics.append(entry)
        pointCount += points
    }

    private mutating func refuse(_ field: ByteRange, _ problem: StaticString) {
        refused.add(problem)
        let metric = UInt32(truncatingIfNeeded: metrics.count)
        let last = refusedPoints.count - 1
        // A body of nothing but empty points must not cost an entry for each.
        if last >= 0, refusedPoints[last].metric == metric, refusedPoints[last].range.upper == field.lower {
            refusedPoints[last].range.upper = field.upper
        } else {
            refusedPoints.append(RefusedPoints(range: field, metric: metric))
        }
    }
}

/// Invalid data points that follow each other in a metric.
package struct RefusedPoints: Sendable {
    /// Their fields, tags included: what has to be cut out of the message.
    package var range: ByteRange
    /// The metric's position in `MetricIndex.metrics`.
    package var metric: UInt32
}

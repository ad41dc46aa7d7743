/// An ExportMetricsServiceRequest without its refused data points. The lengths around them are rewritten, so it must be
/// validated again for a new index; metrics that have no points left stand in it but not in that index.
///
/// - Parameters:
///   - index: the index of `bytes`.
///   - refused: `Validation.refusedPoints` of the same validation.
package func withoutRefusedPoints(_ bytes: Span<UInt8>, _ index: MetricIndex, _ refused: [RefusedPoints]) -> [UInt8] {
    var enclosing: [ByteRange] = []
    var lastMetric = -1
    var lastScope = -1
    var lastResource = -1
    for points in refused where Int(points.metric) != lastMetric {
        lastMetric = Int(points.metric)
        let metric = index.metrics[lastMetric]
        enclosing += [metric.range, metric.data]
        guard Int(metric.scope) != lastScope else { continue }
        lastScope = Int(metric.scope)
        let scope = index.scopes[lastScope]
        enclosing.append(scope.payload)
        guard Int(scope.parent) != lastResource else { continue }
        lastResource = Int(scope.parent)
        enclosing.append(index.resources[lastResource].payload)
    }
    return splice(bytes, edits: refused.map { Edit($0.range, []) }, enclosing: enclosing)
}

/// The value below which the share `fraction` of all counted values lies, interpolated linearly within its bucket as
/// Prometheus' `histogram_quantile` does. Nil when nothing was counted or there are no bounds to tell values apart.
///
/// - Parameters:
///   - counts: one per bucket, the last one without a bound.
///   - bounds: upper bounds, increasing.
func percentileValue(_ fraction: Double, counts: [UInt64], bounds: [Double]) -> Double? {
    guard let lastBound = bounds.last, counts.count == bounds.count + 1 else { return nil }
    let total = counts.reduce(0.0) { $0 + Double($1) }
    guard total > 0 else { return nil }
    let rank = fraction * total
    var below = 0.0
    for (bucket, count) in counts.enumerated() where count > 0 {
        guard below + Double(count) >= rank else {
            below += Double(count)
            continue
        }
        guard bucket < bounds.count else { return lastBound }
        let upper = bounds[bucket]
        let lower = bucket > 0 ? bounds[bucket - 1] : min(0, upper)
        guard lower.isFinite, upper.isFinite else { return upper }
        return lower + (upper - lower) * max(0, rank - below) / Double(count)
    }
    return lastBound
}

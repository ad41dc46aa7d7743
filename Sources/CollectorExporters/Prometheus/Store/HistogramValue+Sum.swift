// The sum of deltas. Nothing could be added any more to a sum that is no number, so one point would spoil the series
// for good. What is no number is left out of the sum, and so is what does not come, such as the sum of a point with
// negative observations: counts and buckets go on with the point, the sum goes on without it, and that is counted.

extension HistogramValue {
    /// Makes the sum of a first delta one that can be added to.
    /// - Returns: false when it was left out.
    mutating func startSum() -> Bool {
        guard let first = sum, !first.isFinite else { return true }
        sum = nil
        return false
    }

    /// Adds the sum of a delta whose observations have been counted already.
    ///
    /// - Parameter observations: how many the delta has.
    /// - Returns: false when the sum goes on without that of some observations, of this delta or of those before it.
    mutating func addSum(_ added: Double?, of observations: UInt64) -> Bool {
        guard let added else { return sum == nil || observations == 0 }
        guard added.isFinite else { return false }
        guard let known = sum else {
            sum = added
            return count <= observations
        }
        guard (known + added).isFinite else { return false }
        sum = known + added
        return true
    }
}

/// Bounds the time that looking for matching series may take: it grows with the number of series for each operation
/// that was not seen before, and both are what senders say.
struct MatchWork: Sendable {
    /// Comparisons a second; some fifty milliseconds.
    private static let limit = 1_000_000
    private static let interval: UInt64 = 1_000_000_000
    private var since: UInt64 = 0
    private(set) var done = 0

    /// Whether `comparisons` more may be made now. Spans beyond that are no candidates.
    mutating func take(_ comparisons: Int, now: UInt64) -> Bool {
        if now &- since >= Self.interval {
            since = now
            done = 0
        }
        guard done < Self.limit else { return false }
        done += comparisons
        return true
    }
}

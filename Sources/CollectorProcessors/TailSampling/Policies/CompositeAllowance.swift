// Who may spend how much of a `composite`'s spans per second.
//
// Each sub-policy has a bucket that fills with its share and holds half a second of it. What does not fit flows on into
// a pool for all, which has room for what the buckets leave of one second's total. So they hold one second's total at
// most, together they get the total a second and no more: that is the cap. And a busy sub-policy that draws from the
// pool leaves alone what the others have in their buckets.
//
//     share 40 % ──▶ [bucket a] ─┐
//                                ├─ overflow ─▶ [pool] ◀── percent that nobody was given
//     share 60 % ──▶ [bucket b] ─┘
//
// A trace larger than its bucket passes when the bucket is full, as one larger than one second's total does when
// everything is: they leave a debt.

/// A value; time comes as a parameter, in nanoseconds.
struct CompositeAllowance: Sendable {
    /// Spans a second.
    let total: Double
    /// The part of `total` of each sub-policy; together `total` at most.
    let shares: [Double]
    private var buckets: [Double]
    private var pool: Double
    private var filledAt: UInt64?

    /// The seconds of its share that a bucket holds.
    private static let bucketSeconds = 0.5

    /// Full at first.
    init(total: Double, shares: [Double]) {
        self.total = total
        self.shares = shares
        buckets = shares.map { $0 * Self.bucketSeconds }
        pool = max(0, total - buckets.reduce(0, +))
    }

    /// What a sub-policy can spend.
    func available(to part: Int) -> Double { buckets[part] + pool }

    /// What there is in all; negative while a debt is paid off.
    var balance: Double { buckets.reduce(pool, +) }

    /// Whether a sub-policy may let in `spans`.
    func allows(_ spans: Double, part: Int, available: Double, balance: Double) -> Bool {
        // Who has no share can count on the room that the pool has always.
        let full = shares[part] > 0 ? capacity(of: part) : total * (1 - Self.bucketSeconds)
        return available >= min(spans, full) && balance >= min(spans, total)
    }

    mutating func take(_ spans: Double, part: Int) {
        let own = min(spans, max(0, buckets[part]))
        let pooled = min(spans - own, max(0, pool))
        pool -= pooled
        buckets[part] -= spans - pooled
    }

    /// Brings the buckets up to a time.
    mutating func fill(until now: UInt64) {
        let seconds = filledAt.map { now > $0 ? Double(now - $0) / 1e9 : 0 } ?? 0
        filledAt = max(filledAt ?? 0, now)
        guard seconds > 0 else { return }
        var overflow = max(0, total - shares.reduce(0, +)) * seconds
        for part in buckets.indices {
            let filled = buckets[part] + shares[part] * seconds
            buckets[part] = min(filled, capacity(of: part))
            overflow += filled - buckets[part]
        }
        pool = max(0, min(pool + overflow, total, total - buckets.reduce(0, +)))
    }

    private func capacity(of part: Int) -> Double { shares[part] * Self.bucketSeconds }
}

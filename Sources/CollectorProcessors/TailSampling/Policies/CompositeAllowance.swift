// Who may spend how much of a `composite`'s spans per second.
//
// As in the OpenTelemetry Collector, seconds are those of the clock on the wall: each one begins with the total, divided
// into the sub-policies' shares, and what is not used by its end is gone. So no second lets in more than the total.
//
// What a sub-policy leaves unused others may use: as the second goes by, the part of a share that is behind the clock
// flows into a pool for all. Its owner keeps what is left of it for the rest of the second, and in any case half more
// than it took in a second lately: a few errors find their place at the end of a second as well as at its beginning.
//
//     share of a  │▒▒▒▒▒▒▒│░░░░░░░░░░░░░░░│     ▒ in the pool, unless a has used it
//                 0      now              1 s   ░ a's own
//
// A trace larger than a share passes when none of the share is used, as one larger than the total does at the beginning
// of a second: they leave a debt, which is paid from later shares and from what others do not use.

/// A value; time comes as a parameter, in nanoseconds.
struct CompositeAllowance: Sendable {
    /// Spans a second.
    let total: Double
    /// The part of `total` of each sub-policy; together `total` at most.
    let shares: [Double]
    /// What is left of each share in this second; negative while a debt is paid off.
    private var own: [Double]
    /// What each sub-policy has taken in this second, and the most in one lately.
    private var taken: [Double]
    private var usual: [Double]
    private var pool: Double
    /// What is left of the total in this second; negative while a debt is paid off.
    private(set) var balance: Double
    /// The number of this second; nil before the first one.
    private var second: UInt64?

    private static let nanoseconds: UInt64 = 1_000_000_000
    /// Who has no share can count on this part of the total, when nobody else wants it.
    private static let certainPool = 0.5
    /// What a sub-policy keeps of its share to the end of the second, times what it took in one lately.
    private static let headroom = 1.5
    /// What is left, after another second, of the most that was taken.
    private static let memory = 0.9
    /// Of the total: sums are rounded.
    private static let tolerance = 1e-9

    init(total: Double, shares: [Double]) {
        self.total = total
        self.shares = shares
        own = shares
        taken = shares.map { _ in 0 }
        usual = taken
        pool = max(0, total - shares.reduce(0, +))
        balance = total
    }

    /// What a sub-policy can spend.
    func available(to part: Int) -> Double { own[part] + pool }

    /// Whether a sub-policy may let in `spans`.
    func allows(_ spans: Double, part: Int, available: Double, balance: Double) -> Bool {
        let whole = shares[part] > 0 ? shares[part] : total * Self.certainPool
        let tolerance = total * Self.tolerance
        return available + tolerance >= min(spans, whole) && balance + tolerance >= min(spans, total)
    }

    mutating func take(_ spans: Double, part: Int) {
        balance -= spans
        taken[part] += spans
        let owned = min(spans, max(0, own[part]))
        let pooled = min(spans - owned, pool)
        pool -= pooled
        own[part] -= spans - pooled
    }

    /// Brings the shares up to a time.
    /// - Parameter now: nanoseconds since a second began.
    mutating func fill(until now: UInt64) {
        let current = now / Self.nanoseconds
        guard let second else {
            second = current
            return
        }
        guard current >= second else { return }
        if current > second {
            begin(after: Double(current - second))
            self.second = current
        }
        let left = 1 - Double(now % Self.nanoseconds) / Double(Self.nanoseconds)
        for part in own.indices {
            let kept = max(shares[part] * left, min(shares[part], usual[part] * Self.headroom) - taken[part])
            guard own[part] > kept else { continue }
            pool += own[part] - kept
            own[part] = kept
        }
    }

    /// Begins another second.
    /// - Parameter seconds: how many after the latest one; nothing was let in between.
    private mutating func begin(after seconds: Double) {
        var debtors = 0.0
        var debtorsShares = 0.0
        var unused = pool
        for part in own.indices {
            if own[part] < 0 {
                debtors += 1
                debtorsShares += shares[part]
            } else {
                unused += own[part]
            }
        }
        unused += (total - debtorsShares) * (seconds - 1)
        for part in own.indices {
            let paid = own[part] < 0 ? shares[part] * seconds + unused / debtors : shares[part]
            own[part] = min(shares[part], own[part] + paid)
        }
        for part in taken.indices {
            usual[part] = max(taken[part], usual[part] * Self.memory)
            // Next to nothing of it is left after a minute of silence.
            for _ in 1..<Int(max(1, min(seconds, 60))) { usual[part] *= Self.memory }
            taken[part] = 0
        }
        pool = max(0, total - shares.reduce(0, +))
        balance = min(total, balance + total * seconds)
    }
}

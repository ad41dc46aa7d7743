import Synchronization

/// An allowance that fills at a constant rate, up to its capacity.
struct TokenBucket: Sendable {
    let perSecond: Double
    let capacity: Double
    private var tokens: Double
    private var filledAt: UInt64?

    /// Full at first.
    init(perSecond: Double, capacity: Double) {
        self.perSecond = perSecond
        self.capacity = capacity
        tokens = capacity
    }

    /// What there is at a time, in nanoseconds; negative after a large taking.
    func tokens(at now: UInt64) -> Double {
        guard let filledAt, now > filledAt else { return tokens }
        return min(capacity, tokens + Double(now - filledAt) / 1e9 * perSecond)
    }

    /// Takes tokens. More than there are leaves a debt, so that what exceeds the capacity can pass a full bucket and the
    /// rate holds all the same.
    mutating func take(_ count: Double, at now: UInt64) {
        tokens = tokens(at: now) - count
        filledAt = max(filledAt ?? 0, now)
    }

    /// Whether a taking of `count` may happen with `tokens` at hand.
    func allows(_ count: Double, with tokens: Double) -> Bool { tokens >= min(count, capacity) }
}

/// A bucket that policies of several shards share, so that its rate is that of the whole processor.
final class SharedBucket: Sendable {
    private let bucket: Mutex<TokenBucket>

    init(_ bucket: TokenBucket) {
        self.bucket = Mutex(bucket)
    }

    func tokens(at now: UInt64) -> Double { bucket.withLock { $0.tokens(at: now) } }

    func take(_ count: Double, at now: UInt64) { bucket.withLock { $0.take(count, at: now) } }
}

import CollectorCore

/// `retry_on_failure`: how long to wait before the same request is sent again, and when to give up.
struct RetryPolicy: Sendable {
    var isEnabled = true
    var initialInterval: Duration = .seconds(5)
    var maximumInterval: Duration = .seconds(30)
    /// Measured from the first attempt; zero means for ever.
    var maximumElapsed: Duration = .seconds(300)
    var multiplier = 1.5
    /// The share by which each wait is varied, so that senders do not come back together.
    var randomizationFactor = 0.5

    init() {}

    init(_ reader: ConfigReader) {
        isEnabled = reader.bool("enabled", default: isEnabled)
        initialInterval = reader.duration("initial_interval", default: initialInterval)
        maximumInterval = reader.duration("max_interval", default: maximumInterval)
        maximumElapsed = reader.duration("max_elapsed_time", default: maximumElapsed)
        multiplier = reader.double("multiplier", default: multiplier, in: 1...1000)
        randomizationFactor = reader.double("randomization_factor", default: randomizationFactor, in: 0...1)
    }
}

/// The retries of one request.
struct RetryState: Sendable {
    private var interval: Duration?
    private let start: UInt64

    /// - Parameter now: nanoseconds of the clock at the first attempt.
    init(now: UInt64) {
        start = now
    }

    /// The wait before the next attempt, or nil when it is time to give up.
    ///
    /// - Parameters:
    ///   - asked: the delay the refusing side asked for; never shortened.
    ///   - random: a number in 0..<1.
    mutating func nextDelay(_ policy: RetryPolicy, asked: Duration?, now: UInt64, random: Double) -> Duration? {
        guard policy.isEnabled else { return nil }
        let base = min(interval.map { $0 * policy.multiplier } ?? policy.initialInterval, policy.maximumInterval)
        interval = base
        let varied = base * (1 + policy.randomizationFactor * (2 * random - 1))
        let delay = max(varied, asked ?? .zero)
        let limit = policy.maximumElapsed.nanoseconds
        if limit > 0, (now &- start) &+ delay.nanoseconds > limit { return nil }
        return delay
    }
}

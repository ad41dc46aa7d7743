import CollectorCore

/// `rate_limiting`: at most so many spans a second.
struct RateLimitingSettings: PolicySettings {
    static let type = "rate_limiting"

    private let bucket: TokenBucket

    init(_ section: ConfigReader) {
        bucket = TokenBucket(section, rateKey: "spans_per_second")
    }

    var needsWholeTrace: Bool { true }
    var takesAllowance: Bool { true }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy {
        LimitingPolicy(.spans, slot: builder.slot(), bucket: bucket)
    }
}

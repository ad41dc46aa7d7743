import CollectorCore

/// `bytes_limiting`: at most so many bytes of spans a second.
struct BytesLimitingSettings: PolicySettings {
    static let type = "bytes_limiting"

    private let bucket: TokenBucket

    init(_ section: ConfigReader) {
        bucket = TokenBucket(section, rateKey: "bytes_per_second")
    }

    var needsWholeTrace: Bool { true }
    var takesAllowance: Bool { true }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy {
        LimitingPolicy(.bytes, slot: builder.slot(), bucket: bucket)
    }
}

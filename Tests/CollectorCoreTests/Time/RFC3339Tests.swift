import CollectorCore
import Testing

@Suite struct RFC3339Tests {
    // Expected by `date -u -d @SECONDS`.
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000000Z"), (951_782_399_000_000_007, "2000-02-28T23:59:59.000000007Z"),
            (951_782_400_999_999_999, "2000-02-29T00:00:00.999999999Z"),
            (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000000Z"),
            (1_795_234_329_123_456_789, "2026-11-21T04:12:09.123456789Z"),
            (.max, "2554-07-21T23:34:33.709551615Z"),
        ] as [(UInt64, String)])
    func `every time there is can be written`(_ time: UInt64, _ expected: String) {
        #expect(RFC3339.text(time, .nanoseconds) == expected)
        #expect(RFC3339.text(time, .milliseconds) == expected.dropLast(7) + "Z")
    }
}

import CollectorCore
import Testing

@Suite("Go's notation for durations")
struct GoDurationTests {
    @Test(
        "What Go accepts is read as Go reads it",
        arguments: [
            ("0", .zero), ("+0", .zero), ("-0", .zero), ("5s", .seconds(5)), ("300ms", .milliseconds(300)),
            ("1.5s", .milliseconds(1500)), ("1h2m", .seconds(3720)), ("1h2m3.5s", .milliseconds(3_723_500)),
            ("10us", .microseconds(10)),
            ("10\u{B5}s", .microseconds(10)), ("10\u{3BC}s", .microseconds(10)), ("7ns", .nanoseconds(7)),
            ("-5s", .seconds(-5)),
            (".5s", .milliseconds(500)), ("5.s", .seconds(5)), ("0s", .zero), ("0.1ns", .zero), ("1s1s", .seconds(2)),
            ("0.100000000000000000000h", .seconds(360)), ("2540400h", .seconds(2_540_400 * 3600)),
            ("9223372036854775807ns", .nanoseconds(Int64.max)),
        ] as [(String, Duration)])
    func reads(text: String, expected: Duration) {
        #expect(Duration(goNotation: text) == expected)
    }

    @Test(
        "What Go refuses is refused, overflow included",
        arguments: [
            "", "5", "s", ".s", "-", "+", "5 s", " 5s", "5s ", "5S", "5d", "5min", "1e3s", "1,5s", "--5s", "5s-3s",
            "00", "1.2.3s", "٥s",
            "9223372036854775808ns", "99999999999999999999s", "3000000h", "2562047h48m", "2562047h999999999m",
            "9223372036s999999999999ns",
        ])
    func refuses(text: String) {
        #expect(Duration(goNotation: text) == nil)
    }
}

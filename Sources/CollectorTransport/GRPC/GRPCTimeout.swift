/// The `grpc-timeout` header: up to eight digits and a unit (gRPC over HTTP/2, "Timeout").
package enum GRPCTimeout {
    /// The header's meaning; nil when it is malformed.
    package static func parse(_ text: String) -> Duration? {
        let bytes = text.utf8
        guard (2...9).contains(bytes.count), let unit = bytes.last else { return nil }
        var value: Int64 = 0
        for digit in bytes.dropLast() {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            // Eight digits cannot overflow.
            value = value &* 10 &+ Int64(digit &- UInt8(ascii: "0"))
        }
        switch unit {
        case UInt8(ascii: "H"): return .seconds(value &* 3600)
        case UInt8(ascii: "M"): return .seconds(value &* 60)
        case UInt8(ascii: "S"): return .seconds(value)
        case UInt8(ascii: "m"): return .milliseconds(value)
        case UInt8(ascii: "u"): return .microseconds(value)
        case UInt8(ascii: "n"): return .nanoseconds(value)
        default: return nil
        }
    }

    /// The header for a time limit, in the finest unit that fits into eight digits, rounded up to it.
    package static func format(_ timeout: Duration) -> String {
        let parts = timeout.components
        guard parts.seconds >= 0, parts.attoseconds >= 0 else { return "0n" }
        let largest: Int64 = 99_999_999
        if parts.seconds < 99_999 {
            let micros = parts.seconds &* 1_000_000 &+ (parts.attoseconds &+ 999_999_999_999) / 1_000_000_000_000
            return micros <= largest ? "\(micros)u" : "\((micros &+ 999) / 1000)m"
        }
        let seconds = parts.seconds &+ (parts.attoseconds > 0 ? 1 : 0)
        return seconds <= largest ? "\(seconds)S" : "\(min(largest, seconds / 3600 &+ 1))H"
    }
}

/// Times as logs and APIs write them: `2026-11-21T04:12:09.123Z`.
package enum RFC3339 {
    /// Digits after the second.
    package enum Precision: Sendable {
        case milliseconds
        case nanoseconds
    }

    /// A time in UTC.
    ///
    /// - Parameter nanoseconds: since 1970-01-01 UTC.
    package static func text(_ nanoseconds: UInt64, _ precision: Precision) -> String {
        let (seconds, fraction) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let (days, rest) = Int(seconds).quotientAndRemainder(dividingBy: 86_400)
        let date = CivilDate(daysSince1970: days)
        let day = "\(date.year)-\(padded(date.month, 2))-\(padded(date.day, 2))"
        let clock = [rest / 3600, rest / 60 % 60, rest % 60].map { padded($0, 2) }.joined(separator: ":")
        switch precision {
        case .milliseconds: return "\(day)T\(clock).\(padded(Int(fraction / 1_000_000), 3))Z"
        case .nanoseconds: return "\(day)T\(clock).\(padded(Int(fraction), 9))Z"
        }
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

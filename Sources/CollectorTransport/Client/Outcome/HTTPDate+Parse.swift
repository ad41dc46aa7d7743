// The three date formats of HTTP (RFC 9110, 5.6.7).
extension HTTPDate {
    /// Seconds since 1970-01-01 UTC, or nil for anything that is not a date.
    /// - Parameter now: the same, for the century of a two-digit year.
    static func parse(_ text: String, now: Int64) -> Int64? {
        let words = text.split { $0 == " " || $0 == "," || $0 == "-" }
        if words.count == 6, words[5] == "GMT" {
            // Sun, 06 Nov 1994 08:49:37 GMT and, obsolete, Sunday, 06-Nov-94 08:49:37 GMT
            guard let day = number(words[1], digits: 2...2), let month = month(words[2]),
                let year = number(words[3], digits: 2...4), words[3].utf8.count != 3
            else { return nil }
            return seconds(year: words[3].utf8.count == 2 ? fullYear(year, now: now) : year, month, day, words[4])
        }
        if words.count == 5 {
            // asctime: Sun Nov  6 08:49:37 1994
            guard let month = month(words[1]), let day = number(words[2], digits: 1...2),
                let year = number(words[4], digits: 4...4)
            else { return nil }
            return seconds(year: year, month, day, words[3])
        }
        return nil
    }

    private static func number(_ text: Substring, digits: ClosedRange<Int>) -> Int64? {
        guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text)
    }

    private static func month(_ name: Substring) -> Int64? {
        let names: [Substring] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        return names.firstIndex(of: name).map { Int64($0) + 1 }
    }

    private static func seconds(year: Int64, _ month: Int64, _ day: Int64, _ time: Substring) -> Int64? {
        let parts = time.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let hour = number(parts[0], digits: 2...2),
            let minute = number(parts[1], digits: 2...2),
            let second = number(parts[2], digits: 2...2),
            (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        return daysSince1970(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second
    }

    /// Days by the Gregorian calendar, counting years from March so that the leap day comes last.
    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// A two-digit year that seems more than 50 years ahead is the most recent past one with these digits.
    private static func fullYear(_ year: Int64, now: Int64) -> Int64 {
        let current = 1970 + now / 31_556_952
        let candidate = current - current % 100 + year
        return candidate > current + 50 ? candidate - 100 : candidate
    }
}

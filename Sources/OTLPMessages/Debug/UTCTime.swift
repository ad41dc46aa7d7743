/// A moment as a date of the proleptic Gregorian calendar: `2018-12-13 14:51:00.3 +0000 UTC`.
struct UTCTime: CustomStringConvertible {
    private let seconds: UInt64
    private let nanoseconds: UInt64

    init(unixNanoseconds: UInt64) {
        (seconds, nanoseconds) = unixNanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    }

    var description: String {
        let (year, month, day) = date
        let time = seconds % 86_400
        var text = "\(year)-\(two(month))-\(two(day)) \(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60))"
        if nanoseconds > 0 {
            var digits = String(nanoseconds)
            digits = String(repeating: "0", count: 9 - digits.count) + digits
            while digits.last == "0" { digits.removeLast() }
            text += "." + digits
        }
        return text + " +0000 UTC"
    }

    /// Counted in eras of 400 years (146 097 days) that begin on 1 March, so that the leap day is the last of its year.
    private var date: (year: UInt64, month: UInt64, day: UInt64) {
        // 719 468 days lie between 0000-03-01 and 1970-01-01.
        let days = seconds / 86_400 + 719_468
        let (era, dayOfEra) = days.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }

    private func two(_ value: UInt64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}

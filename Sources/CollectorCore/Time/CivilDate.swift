/// A day of the Gregorian calendar.
package struct CivilDate: Sendable, Equatable {
    package var year: Int
    /// 1 for January.
    package var month: Int
    /// 1 for the first of the month.
    package var day: Int

    /// Counts in 400-year eras of years that begin in March, so that leap days come last.
    ///
    /// - Parameter days: 0 for 1970-01-01; not before that.
    package init(daysSince1970 days: Int) {
        let (era, dayOfEra) = (max(0, days) &+ 719_468).quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }
}

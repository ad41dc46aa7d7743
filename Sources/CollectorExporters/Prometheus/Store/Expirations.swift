package import CollectorCore

/// When series of a family go that no point comes for: the first pattern that matches the family's name decides, else
/// the setting for all.
package struct Expirations: Sendable {
    /// One item of `metric_expirations`.
    package struct Rule: Sendable {
        /// Found anywhere in the name that scrapes show, unless it is anchored.
        package var metrics: RegularExpression
        /// Nil for never.
        package var expiration: Duration?
    }

    /// `metric_expiration`; nil for never.
    package var standard: Duration?
    package var rules: [Rule] = []

    package init(standard: Duration?) {
        self.standard = standard
    }

    /// In nanoseconds; nil for never.
    func expiration(ofFamily name: [UInt8]) -> UInt64? {
        let rule = rules.first { $0.metrics.matches(name.span) }
        return (rule.map(\.expiration) ?? standard)?.nanoseconds
    }

    /// The longest of all; nil for never.
    var longest: UInt64? {
        let all = [standard] + rules.map(\.expiration)
        return all.contains { $0 == nil } ? nil : all.compactMap { $0?.nanoseconds }.max()
    }
}

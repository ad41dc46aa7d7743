/// How OTLP names become Prometheus names before a scrape's escaping (conformance 111, 112); the raw values are the
/// spellings in configurations.
package enum TranslationStrategy: String, Sendable, CaseIterable {
    case underscoreEscapingWithSuffixes = "UnderscoreEscapingWithSuffixes"
    case underscoreEscapingWithoutSuffixes = "UnderscoreEscapingWithoutSuffixes"
    case noUTF8EscapingWithSuffixes = "NoUTF8EscapingWithSuffixes"
    case noTranslation = "NoTranslation"

    /// Whether unit and type are appended to names.
    var addsSuffixes: Bool {
        self == .underscoreEscapingWithSuffixes || self == .noUTF8EscapingWithSuffixes
    }

    /// Whether names keep characters that scrapes may have to escape.
    var keepsUTF8: Bool {
        self == .noUTF8EscapingWithSuffixes || self == .noTranslation
    }
}

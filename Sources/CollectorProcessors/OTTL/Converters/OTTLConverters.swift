import CollectorCore

/// The converters conditions may use, with the names of the OpenTelemetry Collector.
enum OTTLConverters {
    enum Entry: Sendable {
        /// Asks about the span itself.
        case isRootSpan
        /// Needs its pattern before the first span comes.
        case isMatch
        case converter(OTTLConverter)
    }

    private static let table: [String: OTTLConverter] = Dictionary(
        (types + strings + lists + numbers + times).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    static func named(_ name: String) -> Entry? {
        switch name {
        case "IsRootSpan": .isRootSpan
        case "IsMatch": .isMatch
        default: table[name].map { .converter($0) }
        }
    }

    static func signature(of name: String) -> [OTTLParameter]? {
        switch named(name) {
        case .isRootSpan: []
        case .isMatch: [OTTLParameter(name: "target", kind: .any), OTTLParameter(name: "pattern", kind: .string)]
        case .converter(let converter): converter.parameters
        case nil: nil
        }
    }

    static var names: [String] { (["IsMatch", "IsRootSpan"] + table.keys).sorted() }

    /// What to say of a name that is no converter.
    static func unknown(_ name: String) -> String {
        if let meant = didYouMean(name, among: names) { return "unknown converter `\(name)`; did you mean `\(meant)`?" }
        return "unknown converter `\(name)`; there are " + names.joined(separator: ", ")
    }
}

/// Turns attribute keys into label names by one strategy, before any scrape's escaping (conformance 115, 176).
struct LabelNamer: Sendable {
    private let keepsUTF8: Bool

    init(strategy: TranslationStrategy) {
        keepsUTF8 = strategy.keepsUTF8
    }

    /// The label's name; nil for the empty key, which no label can have.
    func name(_ key: [UInt8]) -> [UInt8]? {
        guard let first = key.first else { return nil }
        if keepsUTF8 {
            return Self.unreserved(key)
        }
        var name: [UInt8] = first.isASCIIDigit ? Array("key_" as StaticString) : []
        for byte in key where !byte.isUTF8Continuation {
            let isLegal = byte.isASCIIAlphanumeric
            if isLegal || name.last != .underscore { name.append(isLegal ? byte : .underscore) }
        }
        return name
    }

    /// Names that start with two underscores are Prometheus's own, above all `__name__`: `key` is put in front of them.
    static func unreserved(_ name: [UInt8]) -> [UInt8] {
        name.hasPrefix([.underscore, .underscore]) ? Array("key" as StaticString) + name : name
    }
}

extension EscapingScheme {
    /// A label's name as this scheme shows it. Escaping can make a reserved name of a harmless one (`._name_.`), so it
    /// is looked at again. Reversible schemes write two underscores for one, so with them only the name that costs
    /// Prometheus the scrape is changed.
    func escapedLabel(_ name: [UInt8]) -> [UInt8] {
        let escaped = escaped(name, .label)
        return self == .underscores || escaped == Self.metricName ? LabelNamer.unreserved(escaped) : escaped
    }

    private static let metricName = Array("__name__" as StaticString)
}

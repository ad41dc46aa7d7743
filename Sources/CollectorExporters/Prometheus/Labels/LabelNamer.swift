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
            // Names that start with two underscores are Prometheus's own.
            return key.hasPrefix([.underscore, .underscore]) ? Array("key" as StaticString) + key : key
        }
        var name: [UInt8] = first.isASCIIDigit ? Array("key_" as StaticString) : []
        for byte in key where !byte.isUTF8Continuation {
            let isLegal = byte.isASCIIAlphanumeric
            if isLegal || name.last != .underscore { name.append(isLegal ? byte : .underscore) }
        }
        return name
    }
}

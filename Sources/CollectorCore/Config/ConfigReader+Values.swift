// Single values. Each returns its default when the key is absent, null or mistaken; the `optional…` ones return nil.
extension ConfigReader {
    package func string(_ key: String, default fallback: String) -> String {
        optionalString(key) ?? fallback
    }

    package func optionalString(_ key: String) -> String? {
        optional(key) { (node) throws(ConfigMistake) in try node.decodeString() }
    }

    /// Text that must be there and not be empty; `example` shows what would be right. Empty after a mistake.
    package func requiredString(_ key: String, example: String? = nil) -> String {
        let mistakesBefore = diagnostics.all.count
        let text = optionalString(key) ?? ""
        if text.isEmpty, diagnostics.all.count == mistakesBefore {
            let hint = example.map { ", for example `\($0)`" } ?? ""
            error(key, "must be set\(hint)")
        }
        return text
    }

    /// Text that `print-config` must not show.
    package func secret(_ key: String, default fallback: String) -> String {
        optionalSecret(key) ?? fallback
    }

    /// Text that `print-config` must not show.
    package func optionalSecret(_ key: String) -> String? {
        if let node = node(key) { diagnostics.markSecret(node.path) }
        return optionalString(key)
    }

    package func bool(_ key: String, default fallback: Bool) -> Bool {
        optionalBool(key) ?? fallback
    }

    package func optionalBool(_ key: String) -> Bool? {
        optional(key) { (node) throws(ConfigMistake) in try node.decodeBool() }
    }

    package func integer(_ key: String, default fallback: Int, in range: ClosedRange<Int> = 0...Int.max) -> Int {
        optionalInteger(key, in: range) ?? fallback
    }

    package func optionalInteger(_ key: String, in range: ClosedRange<Int> = 0...Int.max) -> Int? {
        optional(key) { (node) throws(ConfigMistake) in try node.decodeInteger(in: range) }
    }

    package func double(
        _ key: String, default fallback: Double, in range: ClosedRange<Double> = Double.anyFinite
    ) -> Double {
        optionalDouble(key, in: range) ?? fallback
    }

    package func optionalDouble(_ key: String, in range: ClosedRange<Double> = Double.anyFinite) -> Double? {
        optional(key) { (node) throws(ConfigMistake) in try node.decodeDouble(in: range) }
    }

    /// A duration in Go's notation (`300ms`, `1.5s`, `1h2m`, `0`), never negative.
    package func duration(_ key: String, default fallback: Duration, allowsZero: Bool = true) -> Duration {
        optionalDuration(key, allowsZero: allowsZero) ?? fallback
    }

    /// A duration in Go's notation (`300ms`, `1.5s`, `1h2m`, `0`), never negative.
    package func optionalDuration(_ key: String, allowsZero: Bool = true) -> Duration? {
        optional(key) { (node) throws(ConfigMistake) in try node.decodeDuration(allowsZero: allowsZero) }
    }

    /// One of the names in an enumeration; its raw values are the spellings in the file.
    package func enumeration<E: CaseIterable & RawRepresentable<String>>(_ key: String, default fallback: E) -> E {
        optionalEnumeration(key) ?? fallback
    }

    /// One of the names in an enumeration; its raw values are the spellings in the file.
    package func optionalEnumeration<E: CaseIterable & RawRepresentable<String>>(
        _ key: String, as _: E.Type = E.self
    ) -> E? {
        optional(key) { (node) throws(ConfigMistake) in try node.decodeEnumeration(E.self) }
    }
}

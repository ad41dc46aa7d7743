/// How a scraper wants names that are not in the classic alphabet (conformance 189); the raw values are those of the
/// `escaping` parameter in content types.
enum EscapingScheme: String, CaseIterable, Sendable {
    /// Every illegal character becomes one underscore.
    case underscores
    /// As they are, in quotes.
    case allowUTF8 = "allow-utf-8"
    /// Reversible for dots and underscores.
    case dots
    /// Reversible for all characters.
    case values

    private static let dot = Array("_dot_" as StaticString)

    /// The name as this scheme shows it; names that need no escaping are the same in all schemes.
    func escaped(_ name: [UInt8], _ alphabet: NameAlphabet) -> [UInt8] {
        if self == .allowUTF8 || alphabet.isValid(name) { return name }
        var result: [UInt8] = []
        result.reserveCapacity(name.count)
        if self == .values { result += Array("U__" as StaticString) }
        for (position, scalar) in String(decoding: name, as: UTF8.self).unicodeScalars.enumerated() {
            let byte = UInt8(exactly: scalar.value).flatMap { $0 < 0x80 ? $0 : nil }
            let isLegal = byte.map { alphabet.contains($0, atStart: position == 0) } ?? false
            switch (self, byte) {
            case (.dots, .some(.underscore)), (.values, .some(.underscore)): result += [.underscore, .underscore]
            case (.dots, .some(.dot)): result += Self.dot
            case (_, .some(let byte)) where isLegal: result.append(byte)
            case (.dots, _): result += [.underscore, .underscore]
            case (.values, _):
                result.append(.underscore)
                result += String(scalar.value, radix: 16).utf8
                result.append(.underscore)
            case (.underscores, _), (.allowUTF8, _): result.append(.underscore)
            }
        }
        return result
    }
}

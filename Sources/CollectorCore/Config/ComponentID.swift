/// The name of one configured component: `type` or `type/name`.
package struct ComponentID: Sendable, Hashable, CustomStringConvertible {
    package let type: String
    /// Empty for an id without a name.
    package let name: String

    package init(type: String, name: String = "") {
        self.type = type
        self.name = name
    }

    package var description: String {
        name.isEmpty ? type : "\(type)/\(name)"
    }

    /// Parses an id by the rules of the OpenTelemetry Collector: a type is a letter and up to 62 letters, digits or
    /// underscores; a name is up to 1024 characters without spaces, control characters and symbols. Spaces around
    /// either part are dropped.
    package init(parsing text: String) throws(ConfigMistake) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(\.trimmingSpaces)
        let type = parts[0]
        guard !type.isEmpty else {
            throw ConfigMistake("`\(text)` is no component id; expected `type` or `type/name`")
        }
        guard type.utf8.count <= 63, type.utf8.first.map(isLetter) == true, type.utf8.allSatisfy(isWordByte) else {
            throw ConfigMistake(
                "`\(type)` is no component type; expected a letter, then letters, digits or underscores, at most 63")
        }
        guard parts.count == 2 else {
            self.init(type: String(type))
            return
        }
        let name = parts[1]
        guard !name.isEmpty else {
            throw ConfigMistake("the id `\(text)` ends in a slash; expected a name after it, or no slash")
        }
        guard name.unicodeScalars.count <= 1024, name.unicodeScalars.allSatisfy(isNameScalar) else {
            throw ConfigMistake("the name in `\(text)` may not contain spaces, control characters or symbols")
        }
        self.init(type: String(type), name: String(name))
    }
}

private func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
}

private func isWordByte(_ byte: UInt8) -> Bool {
    isLetter(byte) || byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

private func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .spaceSeparator, .lineSeparator, .paragraphSeparator, .control, .format, .surrogate, .privateUse, .unassigned,
        .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol:
        false
    default: true
    }
}

extension StringProtocol {
    /// Without spaces and tabs at either end.
    fileprivate var trimmingSpaces: SubSequence {
        let start = drop { $0 == " " || $0 == "\t" }
        guard let last = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return start }
        return start[...last]
    }
}

/// One token of a condition.
struct OTTLToken: Equatable {
    enum Kind: Equatable {
        /// Begins with a lower-case letter: paths, `and`, `true`, …
        case lowercase(String)
        /// Begins with an upper-case letter: converters and enums.
        case uppercase(String)
        case string([UInt8])
        case bytes([UInt8])
        /// The magnitude; a sign is an operator of its own.
        case int(UInt64)
        case float(Double)
        /// An operator or a bracket.
        case symbol(String)
        case end
    }

    let kind: Kind
    /// Where it begins, in bytes.
    let offset: Int

    /// For messages.
    var description: String {
        switch kind {
        case .lowercase(let name), .uppercase(let name), .symbol(let name): "`\(name)`"
        case .string: "a string"
        case .bytes: "bytes"
        case .int, .float: "a number"
        case .end: "the end of the condition"
        }
    }
}

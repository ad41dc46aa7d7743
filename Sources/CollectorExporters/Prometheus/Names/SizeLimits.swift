import OTLPWire

/// How long what is said about a metric may be. OpenTelemetry's names have 255 characters and its units 63, and a
/// family's names are kept in every format and escaping, which can make them several times as long.
enum SizeLimits {
    /// Bytes of a metric's name, and of its unit: with more, it is refused.
    static let name = 1024
    /// Bytes of a description: what is beyond is left out.
    static let help = 4096

    /// A description, cut between two characters when it is too long.
    static func cutHelp(_ range: ByteRange, _ bytes: Span<UInt8>) -> (help: [UInt8], isCut: Bool) {
        guard range.count > help else { return (copied(range, bytes), false) }
        var end = range.start + help
        while end > range.start, bytes[end].isUTF8Continuation { end -= 1 }
        return (copied(ByteRange(range.start, end), bytes), true)
    }
}

import OTLPWire

/// An attribute's value as it stands in messages: the AnyValue, with its keyed hash.
struct LabelValue: Sendable {
    var bytes: [UInt8]
    var hash: UInt64

    init(bytes: [UInt8]) {
        self.bytes = bytes
        hash = keyedHash(bytes.span, ByteRange(0, bytes.count), Self.secret)
    }

    /// Copies a value out of a request; nil where there is none.
    init?(_ bytes: Span<UInt8>, _ range: ByteRange?) {
        guard let range else { return nil }
        self.init(bytes: range.range.map { bytes[$0] })
    }

    init(_ text: String) {
        var value = MessageWriter()
        value.string(1, text)
        self.init(bytes: value.bytes)
    }

    init(_ flag: Bool) {
        var value = MessageWriter()
        value.varint(2, flag ? 1 : 0)
        self.init(bytes: value.bytes)
    }

    /// Bytes of a value that many spans share, at most: each of them is compared with it.
    static let longestOfMany = 1024

    /// A value that many spans share; too long, it is another one.
    init?(ofMany bytes: Span<UInt8>, _ range: ByteRange?) {
        if let range, range.count > Self.longestOfMany {
            self = .other
        } else {
            self.init(bytes, range)
        }
    }

    /// The same of a value that is there already.
    var ofMany: LabelValue { bytes.count > Self.longestOfMany ? .other : self }

    /// What stands for values that were too many, or too long.
    static let other = LabelValue("__other__")

    /// The hash's key, a secret of the process: values are what senders say.
    static let secret = UInt64.random(in: 1...UInt64.max)

    static func hash(_ bytes: Span<UInt8>, _ range: ByteRange) -> UInt64 { keyedHash(bytes, range, secret) }

    /// The same of a name.
    static func hash(_ name: String) -> UInt64 {
        let bytes = Array(name.utf8)
        return hash(bytes.span, ByteRange(0, bytes.count))
    }
}

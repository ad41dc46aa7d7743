/// Walks the fields of a message that lies in several ranges of the input, as if they were one.
struct WirePartsCursor: ~Escapable {
    private let input: Span<UInt8>
    private let parts: [Range<Int>]
    private var part = 0
    private var current: WireCursor
    /// How many fields `next` has returned, of any number.
    private(set) var ordinal = 0

    @_lifetime(copy input)
    init(_ input: Span<UInt8>, _ parts: [Range<Int>]) {
        self.input = input
        self.parts = parts
        current = WireCursor(input, in: 0..<0)
    }

    /// The next field. The framing was checked before, so nil means the end.
    mutating func next() -> WireCursor.Field? {
        while current.isAtEnd {
            guard part < parts.count else { return nil }
            current = WireCursor(input, in: parts[part])
            part += 1
        }
        ordinal += 1
        return current.next()
    }

    /// The next occurrence of one field.
    mutating func next(_ number: UInt32) -> WireCursor.Field? {
        while let field = next() {
            if field.number == number { return field }
        }
        return nil
    }
}

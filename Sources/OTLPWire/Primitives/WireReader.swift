/// Reads fields of one message, front to back, out of a request's bytes. Every read is checked against the message's
/// end.
///
/// Positions are offsets into the whole request, so ranges found at any depth can be kept.
package struct WireReader: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    @usableFromInline package var position: Int
    @usableFromInline package let end: Int

    /// A reader of `range`, clamped to what `bytes` has.
    @inlinable
    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>, _ range: ByteRange) {
        self.bytes = bytes
        end = min(range.end, bytes.count)
        position = min(range.start, end)
    }

    @inlinable package var isAtEnd: Bool { position >= end }

    /// The next varint, or nil when it is cut off or longer than ten bytes.
    @inlinable
    @_lifetime(self: copy self)
    package mutating func varint() -> UInt64? {
        guard position < end else { return nil }
        let first = bytes[position]
        if first < 0x80 {
            position &+= 1
            return UInt64(first)
        }
        return longVarint()
    }

    @usableFromInline
    @_lifetime(self: copy self)
    mutating func longVarint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        var at = position
        while at < end, shift < 70 {
            let byte = bytes[at]
            at &+= 1
            value |= UInt64(byte & 0x7f) &<< shift
            if byte < 0x80 {
                position = at
                return value
            }
            shift &+= 7
        }
        return nil
    }

    /// The range of the next length-delimited payload, or nil when it reaches beyond the message.
    @inlinable
    @_lifetime(self: copy self)
    package mutating func lengthDelimited() -> ByteRange? {
        guard let length = varint(), length <= UInt64(end &- position) else { return nil }
        let start = position
        position &+= Int(truncatingIfNeeded: length)
        return ByteRange(start, position)
    }

    /// Moves past `count` bytes; false when there are fewer.
    @inlinable
    @_lifetime(self: copy self)
    package mutating func skip(_ count: Int) -> Bool {
        guard count <= end &- position else { return false }
        position &+= count
        return true
    }

    /// The next eight bytes as a little-endian integer.
    @inlinable
    @_lifetime(self: copy self)
    package mutating func fixed64() -> UInt64? {
        guard end &- position >= 8 else { return nil }
        let value = loadLittleEndian64(bytes, position)
        position &+= 8
        return value
    }

    /// The next four bytes as a little-endian integer.
    @inlinable
    @_lifetime(self: copy self)
    package mutating func fixed32() -> UInt32? {
        guard end &- position >= 4 else { return nil }
        var value: UInt32 = 0
        for offset in 0..<4 { value |= UInt32(bytes[position &+ offset]) &<< UInt32(8 &* offset) }
        position &+= 4
        return value
    }
}

/// Eight bytes from `offset` as a little-endian integer; traps beyond the end of `bytes`, so callers check first.
@inlinable
package func loadLittleEndian64(_ bytes: Span<UInt8>, _ offset: Int) -> UInt64 {
    // unsafe: named so because not every type is made of any bits; UInt64 is. The call checks the bounds.
    unsafe UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
}

/// Eight bytes from `offset` as a big-endian integer, as ids are read; traps beyond the end of `bytes`.
@inlinable
package func loadBigEndian64(_ bytes: Span<UInt8>, _ offset: Int) -> UInt64 {
    loadLittleEndian64(bytes, offset).byteSwapped
}

// The parts that fields are made of: tags, varints, lengths and fixed-size values.

extension Validator {
    /// A field's number and wire type.
    struct Tag {
        /// The number times eight plus the wire type, as on the wire.
        var raw: UInt32
        /// Where the tag itself begins.
        var start: Int

        @inline(__always) var field: UInt32 { raw >> 3 }
        @inline(__always) var wireType: UInt32 { raw & 7 }
    }

    /// The next field's tag. There must be at least one byte before `end`.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func tag(_ end: Int, _ shape: MessageShape) throws(WireError) -> Tag {
        let first = bytes[at]
        if first < 0x80, first >= 8 {
            at &+= 1
            return Tag(raw: UInt32(first), start: at &- 1)
        }
        return try longTag(end, shape)
    }

    @_lifetime(self: copy self)
    private mutating func longTag(_ end: Int, _ shape: MessageShape) throws(WireError) -> Tag {
        let start = at
        let value = try longVarint(end, limit: 5, shape, 0)
        guard let raw = UInt32(exactly: value), raw >= 8 else {
            throw WireError(.invalidFieldNumber, shape, field: 0, offset: start)
        }
        return Tag(raw: raw, start: start)
    }

    @inline(__always)
    @_lifetime(self: copy self)
    mutating func varint(_ end: Int, _ shape: MessageShape, _ field: UInt32) throws(WireError) -> UInt64 {
        if at < end {
            let first = bytes[at]
            if first < 0x80 {
                at &+= 1
                return UInt64(first)
            }
        }
        return try longVarint(end, limit: 10, shape, field)
    }

    /// - Parameter limit: the most bytes the varint may have: 10, and 5 for tags and lengths, since that is where other
    ///   implementations stop.
    @_lifetime(self: copy self)
    private mutating func longVarint(
        _ end: Int, limit: Int, _ shape: MessageShape, _ field: UInt32
    ) throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        let start = at
        while at < end {
            let byte = bytes[at]
            at &+= 1
            value |= UInt64(byte & 0x7f) &<< shift
            if byte < 0x80 { return value }
            shift &+= 7
            if at &- start >= limit { throw WireError(.varintTooLong, shape, field: field, offset: start) }
        }
        throw WireError(.truncated, shape, field: field, offset: start)
    }

    /// Reads a length and returns where its payload ends; `at` is its first byte then.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func payloadEnd(_ end: Int, _ shape: MessageShape, _ field: UInt32) throws(WireError) -> Int {
        if at < end {
            let first = bytes[at]
            if first < 0x80, Int(first) < end &- at {
                at &+= 1
                return at &+ Int(first)
            }
        }
        return try longPayloadEnd(end, shape, field)
    }

    @_lifetime(self: copy self)
    private mutating func longPayloadEnd(
        _ end: Int, _ shape: MessageShape, _ field: UInt32
    ) throws(WireError) -> Int {
        let start = at
        let length = try longVarint(end, limit: 5, shape, field)
        guard length <= UInt64(end &- at) else {
            throw WireError(.lengthOverrun, shape, field: field, offset: start)
        }
        return at &+ Int(truncatingIfNeeded: length)
    }

    /// Moves past a value of `width` bytes.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func skip(_ width: Int, _ tag: Tag, _ shape: MessageShape, _ end: Int) throws(WireError) {
        guard width <= end &- at else {
            throw WireError(.truncated, shape, field: tag.field, offset: tag.start)
        }
        at &+= width
    }
}

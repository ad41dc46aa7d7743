extension Validator {
    /// Validates a span and fills its entry; returns what makes it invalid by its meaning, if anything does.
    @_lifetime(self: copy self)
    mutating func span(_ entry: inout SpanEntry, _ end: Int) throws(WireError) -> StaticString? {
        var seen: UInt32 = 0
        var traceIDLength = 0
        var spanIDLength = 0
        while at < end {
            let tag = try tag(end, .span)
            switch tag.raw {
            case 1 << 3 | 2:
                let valueEnd = try payloadEnd(end, .span, 1)
                traceIDLength = valueEnd &- at
                if traceIDLength == 16 {
                    entry.traceID = TraceID(high: loadBigEndian64(bytes, at), low: loadBigEndian64(bytes, at &+ 8))
                }
                at = valueEnd
            case 2 << 3 | 2:
                let valueEnd = try payloadEnd(end, .span, 2)
                spanIDLength = valueEnd &- at
                if spanIDLength == 8 { entry.spanID = loadBigEndian64(bytes, at) }
                at = valueEnd
            case 3 << 3 | 2:
                let valueEnd = try payloadEnd(end, .span, 3)
                if entry.traceState != .empty { needsCanonicalForm = true }
                entry.traceState = ByteRange(at, valueEnd)
                entry.traceStatePrefix = UInt8(truncatingIfNeeded: at &- tag.start)
                try string(valueEnd, .span, 3)
            case 4 << 3 | 2:
                let valueEnd = try payloadEnd(end, .span, 4)
                entry.hasParent = containsNonZero(at, valueEnd)
                at = valueEnd
            case 6 << 3:
                entry.kind = enumNumber(try varint(end, .span, 6))
            case 7 << 3 | 1:
                try skip(8, tag, .span, end)
                entry.startNanoseconds = loadLittleEndian64(bytes, at &- 8)
            case 8 << 3 | 1:
                try skip(8, tag, .span, end)
                entry.endNanoseconds = loadLittleEndian64(bytes, at &- 8)
            case 9 << 3 | 2:
                try attribute(try payloadEnd(end, .span, 9), itemDepth + 1)
            case 15 << 3 | 2:
                let before = at
                try value(tag, .span, end, itemDepth, &seen)
                entry.statusCode = statusCode(ByteRange(before, at))
            case 16 << 3 | 5:
                try skip(4, tag, .span, end)
                entry.flags = trailingFixed32()
            default:
                try value(tag, .span, end, itemDepth, &seen)
            }
        }
        if traceIDLength != 16 { return "a span's trace_id must be 16 bytes long" }
        if spanIDLength != 8 { return "a span's span_id must be 8 bytes long" }
        if entry.traceID.isZero { return "a span's trace_id must not be all zero" }
        if entry.spanID == 0 { return "a span's span_id must not be all zero" }
        return nil
    }

    private func containsNonZero(_ start: Int, _ end: Int) -> Bool {
        if end &- start == 8 { return loadLittleEndian64(bytes, start) != 0 }
        for position in start..<end where bytes[position] != 0 { return true }
        return false
    }

    /// The four bytes just validated.
    private func trailingFixed32() -> UInt32 {
        var reader = WireReader(bytes, ByteRange(at &- 4, at))
        return reader.fixed32() ?? 0
    }

    /// `Status.code` (field 3) of a validated status with its length in front.
    private func statusCode(_ range: ByteRange) -> UInt8 {
        var outer = WireReader(bytes, range)
        guard let payload = outer.lengthDelimited() else { return 0 }
        var code: UInt8 = 0
        var fields = FieldCursor(bytes, payload)
        while let field = fields.next() {
            if field.number == 3 { code = enumNumber(field.scalar) }
        }
        return code
    }
}

/// The number of an enum, of which protobuf takes the lower 32 bits; 255 for those the standard does not know.
private func enumNumber(_ value: UInt64) -> UInt8 {
    UInt8(exactly: UInt32(truncatingIfNeeded: value)) ?? 255
}

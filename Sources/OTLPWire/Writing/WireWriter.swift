/// Appends protobuf to storage whose capacity the caller has computed.
///
/// Writing more than the capacity stops at its end instead of trapping; `isComplete` tells. Sizes are computed from the
/// same index just before, so that means a mistake of ours, and the exporter reports it as one.
package struct WireWriter: ~Copyable, ~Escapable {
    private var output: OutputRawSpan
    private var overflowed = false

    @_lifetime(copy output)
    package init(_ output: consuming OutputRawSpan) {
        self.output = output
    }

    package var count: Int { output.byteCount }
    package var isComplete: Bool { !overflowed }

    /// Gives the storage back to whoever lent it.
    @_lifetime(copy self)
    package consuming func finish() -> OutputRawSpan { output }

    @_lifetime(self: copy self)
    package mutating func byte(_ byte: UInt8) {
        guard output.freeCapacity > 0 else {
            overflowed = true
            return
        }
        output.append(byte)
    }

    @_lifetime(self: copy self)
    package mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            byte(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        byte(UInt8(truncatingIfNeeded: rest))
    }

    /// The tag and length of a length-delimited field.
    @_lifetime(self: copy self)
    package mutating func prefix(field: UInt32, length: Int) {
        varint(UInt64(field) << 3 | 2)
        varint(UInt64(max(0, length)))
    }

    /// Copies a range of a message's bytes.
    @_lifetime(self: copy self)
    package mutating func copy(_ bytes: Span<UInt8>, _ range: ByteRange) {
        guard !range.isEmpty else { return }
        guard range.count <= output.freeCapacity, range.start <= range.end, range.end <= bytes.count else {
            overflowed = true
            return
        }
        // unsafe: the one bulk copy; the guard above has checked both sides.
        unsafe bytes.withUnsafeBytes { source in
            unsafe output.withUnsafeMutableBytes { target, initialized in
                let part = unsafe UnsafeRawBufferPointer(rebasing: source[range.range])
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[initialized...]).copyMemory(from: part)
                initialized += range.count
            }
        }
    }

    @_lifetime(self: copy self)
    package mutating func copy(_ bytes: [UInt8]) {
        copy(bytes.span, ByteRange(0, bytes.count))
    }
}

/// The bytes a varint takes.
@inlinable
package func varintSize(_ value: UInt64) -> Int {
    value < 0x80 ? 1 : (70 &- value.leadingZeroBitCount) / 7
}

/// The bytes of a length-delimited field with a one-byte tag.
@inlinable
package func fieldSize(payload: Int) -> Int {
    1 &+ varintSize(UInt64(payload)) &+ payload
}

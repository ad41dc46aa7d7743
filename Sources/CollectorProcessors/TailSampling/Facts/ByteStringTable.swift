import OTLPWire

/// Finds byte strings of a request in a fixed list, without copying them. Most strings that are not in the list are
/// told by their length or last byte. The list is the operator's, so that no sender can make lookups slow.
struct ByteStringTable: Sendable {
    private var storage: [UInt8] = []
    private var ranges: [ByteRange] = []
    /// Open addressing: the index of a string, or `free`.
    private var slots: [Int32]
    /// A bit for each length there is; the last one stands for all longer ones.
    private var lengths: UInt64 = 0
    /// A bit for each last byte there is, of which six bits count.
    private var endings: UInt64 = 0

    private static let free: Int32 = -1
    private static let hashKey: UInt64 = 0x51a3_7d0b_22c9_6e15

    /// - Parameter strings: different ones.
    init(_ strings: [[UInt8]]) {
        var size = 4
        while size < 4 * strings.count { size *= 2 }
        slots = Array(repeating: Self.free, count: size)
        for (index, string) in strings.enumerated() {
            let range = ByteRange(0, string.count)
            lengths |= 1 &<< Self.lengthBit(range)
            endings |= Self.endingMask(string.span, range)
            var slot = place(string.span, range)
            while slots[slot] != Self.free { slot = (slot &+ 1) & (slots.count &- 1) }
            slots[slot] = Int32(truncatingIfNeeded: index)
            ranges.append(ByteRange(storage.count, storage.count + string.count))
            storage += string
        }
    }

    /// The index of a string of `bytes` in the list.
    @inline(__always)
    func index(of range: ByteRange, in bytes: Span<UInt8>) -> Int? {
        guard range.end <= bytes.count, lengths &>> Self.lengthBit(range) & 1 == 1 else { return nil }
        guard endings & Self.endingMask(bytes, range) != 0 else { return nil }
        return lookUp(range, in: bytes)
    }

    private func lookUp(_ range: ByteRange, in bytes: Span<UInt8>) -> Int? {
        var slot = place(bytes, range)
        while slots[slot] != Self.free {
            let index = Int(slots[slot])
            if haveEqualBytes(storage.span, ranges[index], bytes, range) { return index }
            slot = (slot &+ 1) & (slots.count &- 1)
        }
        return nil
    }

    private func place(_ bytes: Span<UInt8>, _ range: ByteRange) -> Int {
        Int(truncatingIfNeeded: keyedHash(bytes, range, Self.hashKey)) & (slots.count &- 1)
    }

    private static func lengthBit(_ range: ByteRange) -> UInt64 { UInt64(min(range.count, 63)) }

    private static func endingMask(_ bytes: Span<UInt8>, _ range: ByteRange) -> UInt64 {
        range.isEmpty ? 1 : 1 &<< UInt64(bytes[range.end &- 1] & 63)
    }
}

/// Whether two ranges, which must lie within their bytes, hold the same.
func haveEqualBytes(_ left: Span<UInt8>, _ leftRange: ByteRange, _ right: Span<UInt8>, _ rightRange: ByteRange) -> Bool
{
    let count = leftRange.count
    guard count == rightRange.count else { return false }
    var offset = 0
    while offset &+ 8 <= count {
        let words = (
            loadLittleEndian64(left, leftRange.start &+ offset), loadLittleEndian64(right, rightRange.start &+ offset)
        )
        if words.0 != words.1 { return false }
        offset &+= 8
    }
    while offset < count {
        if left[leftRange.start &+ offset] != right[rightRange.start &+ offset] { return false }
        offset &+= 1
    }
    return true
}

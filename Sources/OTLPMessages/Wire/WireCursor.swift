/// Walks the fields of a range of protobuf bytes. Framing is checked; contents are not.
struct WireCursor: ~Escapable {
    private let bytes: Span<UInt8>
    private(set) var position: Int
    let end: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, in range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = min(range.upperBound, bytes.count)
    }

    struct Field {
        let number: UInt32
        let wireType: WireType
        /// Tag and value.
        let whole: Range<Int>
        /// The value: without tag, and without the length of a length-delimited field.
        let value: Range<Int>
    }

    var isAtEnd: Bool { position >= end }

    /// The field at `position`, which moves past it; nil when the bytes are no field.
    mutating func next() -> Field? {
        let start = position
        guard let (number, wireType) = tag() else { return nil }
        let value: Range<Int>
        if wireType == .startGroup {
            guard let contents = group(number) else { return nil }
            value = contents
        } else {
            guard let contents = scalar(wireType) else { return nil }
            value = contents
        }
        return Field(number: number, wireType: wireType, whole: start..<position, value: value)
    }

    /// Consumes a varint of at most ten bytes.
    mutating func varint() -> UInt64? {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while position < end, shift < 70 {
            let byte = bytes[position]
            position += 1
            result |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return result }
            shift += 7
        }
        return nil
    }

    private mutating func tag() -> (UInt32, WireType)? {
        guard let raw = varint(), raw <= UInt64(UInt32.max), raw >= 8 else { return nil }
        guard let wireType = WireType(rawValue: UInt8(truncatingIfNeeded: raw & 7)) else { return nil }
        return (UInt32(truncatingIfNeeded: raw >> 3), wireType)
    }

    /// Consumes the value of anything but a group.
    private mutating func scalar(_ wireType: WireType) -> Range<Int>? {
        switch wireType {
        case .varint:
            let start = position
            return varint() == nil ? nil : start..<position
        case .fixed64: return take(8)
        case .fixed32: return take(4)
        case .lengthDelimited:
            guard let length = varint(), length <= UInt64(end - position) else { return nil }
            return take(Int(length))
        case .startGroup, .endGroup: return nil
        }
    }

    private mutating func take(_ count: Int) -> Range<Int>? {
        guard count <= end - position else { return nil }
        position += count
        return position - count..<position
    }

    /// Consumes a group (proto2, only ever an unknown field here) up to and including its end tag.
    private mutating func group(_ number: UInt32) -> Range<Int>? {
        let start = position
        var open = [number]
        while let innermost = open.last {
            guard open.count <= MessageLimits.depth, let (number, wireType) = tag() else { return nil }
            switch wireType {
            case .startGroup: open.append(number)
            case .endGroup:
                guard number == innermost else { return nil }
                open.removeLast()
            default:
                guard scalar(wireType) != nil else { return nil }
            }
        }
        return start..<position
    }
}

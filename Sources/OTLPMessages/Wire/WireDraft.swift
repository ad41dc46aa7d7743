/// Protobuf bytes in the making, written front to back in one pass.
///
/// The length of a message is known only at its end. One byte is kept free for it, enough for most; a length that needs
/// more is noted, and all of these are inserted when the draft is finished. So no message is moved once per level it
/// lies in.
struct WireDraft {
    private var bytes: [UInt8] = []
    private var longLengths: [(position: Int, length: Int)] = []
    /// Bytes that finishing will insert.
    private var missing = 0

    /// How many bytes the finished message has so far.
    var count: Int { bytes.count + missing }

    /// An open length-delimited field.
    struct Mark {
        fileprivate let start: Int
        fileprivate let missing: Int
    }

    mutating func reserve(_ count: Int) {
        bytes.reserveCapacity(count)
    }

    /// Begins a message or a packed field. Close in reverse order.
    mutating func open(_ number: UInt32) -> Mark {
        tag(number, .lengthDelimited)
        bytes.append(0)
        return Mark(start: bytes.count, missing: missing)
    }

    mutating func close(_ mark: Mark) {
        let length = bytes.count - mark.start + missing - mark.missing
        if length < 0x80 {
            bytes[mark.start - 1] = UInt8(length)
        } else {
            longLengths.append((mark.start - 1, length))
            missing += Self.size(ofVarint: UInt64(length)) - 1
        }
    }

    mutating func tag(_ number: UInt32, _ wireType: WireType) {
        varint(UInt64(number) << 3 | UInt64(wireType.rawValue))
    }

    mutating func varint(_ value: UInt64) {
        Self.append(value, to: &bytes)
    }

    mutating func fixed32(_ value: UInt32) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func fixed64(_ value: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// A whole string or bytes field.
    mutating func field(_ number: UInt32, _ content: some Sequence<UInt8>) {
        let mark = open(number)
        bytes.append(contentsOf: content)
        close(mark)
    }

    mutating func append(_ byte: UInt8) {
        bytes.append(byte)
    }

    mutating func append(_ content: Span<UInt8>) {
        bytes.append(copying: content)
    }

    /// The message. The draft is used up.
    consuming func finish() -> [UInt8] {
        if longLengths.isEmpty { return bytes }
        // Noted when closed, so inner before outer; they are inserted front to back.
        longLengths.sort { $0.position < $1.position }
        var result: [UInt8] = []
        result.reserveCapacity(count)
        var copied = 0
        for (position, length) in longLengths {
            result.append(contentsOf: bytes[copied..<position])
            Self.append(UInt64(length), to: &result)
            copied = position + 1
        }
        result.append(contentsOf: bytes[copied...])
        return result
    }

    private static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    private static func size(ofVarint value: UInt64) -> Int {
        (64 - (value | 1).leadingZeroBitCount + 6) / 7
    }
}

// Exemplar { fixed64 time_unix_nano = 2; oneof { double as_double = 3; sfixed64 as_int = 6 }; bytes span_id = 4;
//            bytes trace_id = 5; repeated KeyValue filtered_attributes = 7 }

import CollectorCore
import OTLPWire

/// An exemplar that may be shown, ready to be written into a point.
struct ReadyExemplar: Sendable, Equatable {
    /// Without its attributes.
    var exemplar: Exemplar
    /// The Exemplar message as it came with a point, without what nothing would show; nil for those made of spans.
    private(set) var message: [UInt8]?
    /// How many attributes were left out of the message.
    private(set) var shedAttributes = 0

    init(exemplar: Exemplar) {
        self.exemplar = exemplar
    }

    /// What the exemplar holds beside itself, in bytes.
    var size: Int { message?.count ?? 0 }

    /// The exemplar with a time that is not in the future, which would keep others from being the newest. What came with a
    /// point goes on in its own words.
    func notAfter(_ wallTime: UInt64) -> ReadyExemplar {
        guard exemplar.timeNanoseconds > wallTime else { return self }
        var result = self
        result.exemplar.timeNanoseconds = wallTime
        return result
    }

    /// The exemplar with its attributes.
    var shown: Exemplar {
        guard let message else { return exemplar }
        var result = exemplar
        let bytes = message.span
        var attributes = AttributeCursor(bytes, message: ByteRange(0, message.count), fieldNumber: 7)
        while let attribute = attributes.next() {
            let label = Exemplar.Label(name: text(bytes, attribute.key), value: attribute.value.label(bytes))
            result.filteredAttributes.append(label)
        }
        return result
    }
}

extension ReadyExemplar {
    /// Code points of all labels together (OpenMetrics 1.0, "Exemplars").
    private static let labelLimit = 128
    private static let traceIDSize = "trace_id".utf8.count + 32
    private static let spanIDSize = "span_id".utf8.count + 16

    /// Reads an Exemplar message; nil when it leads to no trace.
    ///
    /// Of the message nothing is kept but what can be shown: attributes as long as they fit beside the ids, each at least
    /// one code point, and nothing that is unknown. So its size is bounded whatever the sender says.
    init?(_ bytes: Span<UInt8>, _ message: ByteRange) {
        var exemplar = Exemplar(traceID: TraceID(high: 0, low: 0), spanID: 0, value: .nan, timeNanoseconds: 0)
        var kept = Kept()
        var fields = FieldCursor(bytes, message)
        while let field = fields.next() {
            switch field.number {
            case 2:
                exemplar.timeNanoseconds = field.scalar
                kept.time = field.range
            case 3:
                exemplar.value = Double(bitPattern: field.scalar)
                kept.value = field.range
            case 6:
                exemplar.value = Double(Int64(bitPattern: field.scalar))
                kept.value = field.range
            case 4 where field.payload.count == 8:
                exemplar.spanID = loadBigEndian64(bytes, field.payload.start)
                kept.span = field.range
            case 5 where field.payload.count == 16:
                exemplar.traceID = TraceID(
                    high: loadBigEndian64(bytes, field.payload.start),
                    low: loadBigEndian64(bytes, field.payload.start + 8))
                kept.trace = field.range
            case 7: kept.hasAttributes = true
            default: break
            }
        }
        guard !exemplar.traceID.isZero else { return nil }
        self.exemplar = exemplar
        var copy: [UInt8] = []
        copy.reserveCapacity(min(message.count, 256))
        for range in [kept.time, kept.value, kept.span, kept.trace] { copy.append(range, of: bytes) }
        if kept.hasAttributes { addAttributes(of: message, bytes, to: &copy) }
        self.message = copy
    }

    /// Where the fields are that count: each one's last occurrence.
    private struct Kept {
        var time = ByteRange.empty
        var value = ByteRange.empty
        var span = ByteRange.empty
        var trace = ByteRange.empty
        var hasAttributes = false
    }

    private mutating func addAttributes(of message: ByteRange, _ bytes: Span<UInt8>, to copy: inout [UInt8]) {
        var room = Self.labelLimit - Self.traceIDSize - (exemplar.spanID == 0 ? 0 : Self.spanIDSize)
        var fields = FieldCursor(bytes, message)
        while let field = fields.next() {
            guard field.number == 7, case .bytes(let payload) = field.value else { continue }
            // No code point has more than four bytes, and what is around them is a few, unless it is not meant.
            let size = payload.count <= 4 * room + 32 ? Attribute(bytes, keyValue: payload).labelSize(bytes) : .max
            guard size <= room, payload.count <= 4 * size + 32 else {
                shedAttributes += 1
                continue
            }
            room -= size
            copy.append(field.range, of: bytes)
        }
    }

    /// The exemplar as a field of a data point, tag and length included.
    func field(_ number: UInt32) -> [UInt8] {
        let message = message ?? encoded
        return varint(UInt64(number << 3 | 2)) + varint(UInt64(message.count)) + message
    }

    private var encoded: [UInt8] {
        var bytes: [UInt8] = [2 << 3 | 1] + littleEndian(exemplar.timeNanoseconds)
        bytes += [3 << 3 | 1] + littleEndian(exemplar.value.bitPattern)
        if exemplar.spanID != 0 { bytes += [4 << 3 | 2, 8] + littleEndian(exemplar.spanID.byteSwapped) }
        bytes += [5 << 3 | 2, 16]
        bytes += littleEndian(exemplar.traceID.high.byteSwapped) + littleEndian(exemplar.traceID.low.byteSwapped)
        return bytes
    }
}

extension Array where Element == UInt8 {
    fileprivate mutating func append(_ range: ByteRange, of bytes: Span<UInt8>) {
        for position in range.range { append(bytes[position]) }
    }
}

extension Attribute {
    /// How many code points the attribute has as a label; of composite values the bytes count.
    fileprivate func labelSize(_ bytes: Span<UInt8>) -> Int {
        let own =
            switch value {
            case .string(let range): codePoints(bytes, range)
            case .bool, .int, .double: value.label(bytes).utf8.count
            case .empty: 0
            case .array(let range), .keyValueList(let range), .bytes(let range): range.count
            }
        return Swift.max(1, codePoints(bytes, key) + own)
    }

    private func codePoints(_ bytes: Span<UInt8>, _ range: ByteRange) -> Int {
        range.range.reduce(0) { bytes[$1] & 0xC0 == 0x80 ? $0 : $0 + 1 }
    }
}

extension AttributeValue {
    /// The value as the text of a label; composite values have none.
    fileprivate func label(_ bytes: Span<UInt8>) -> String {
        switch self {
        case .string(let range): text(bytes, range)
        case .bool(let flag): flag ? "true" : "false"
        case .int(let number): String(number)
        case .double(let number): "\(number)"
        case .empty, .array, .keyValueList, .bytes: ""
        }
    }
}

private func littleEndian(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
}

private func varint(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
    }
    return bytes + [UInt8(truncatingIfNeeded: rest)]
}

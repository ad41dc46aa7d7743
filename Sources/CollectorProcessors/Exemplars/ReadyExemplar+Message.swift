// Exemplar { fixed64 time_unix_nano = 2; oneof { double as_double = 3; sfixed64 as_int = 6 }; bytes span_id = 4;
//            bytes trace_id = 5; repeated KeyValue filtered_attributes = 7 }

import CollectorCore
import OTLPWire

extension ReadyExemplar {
    /// Reads an Exemplar message; nil when it leads to no trace.
    init?(_ bytes: Span<UInt8>, _ message: ByteRange) {
        var exemplar = Exemplar(traceID: TraceID(high: 0, low: 0), spanID: 0, value: .nan, timeNanoseconds: 0)
        var fields = FieldCursor(bytes, message)
        while let field = fields.next() {
            switch field.number {
            case 2: exemplar.timeNanoseconds = field.scalar
            case 3: exemplar.value = Double(bitPattern: field.scalar)
            case 6: exemplar.value = Double(Int64(bitPattern: field.scalar))
            case 4 where field.payload.count == 8:
                exemplar.spanID = loadBigEndian64(bytes, field.payload.start)
            case 5 where field.payload.count == 16:
                exemplar.traceID = TraceID(
                    high: loadBigEndian64(bytes, field.payload.start),
                    low: loadBigEndian64(bytes, field.payload.start + 8))
            case 7:
                let attribute = Attribute(bytes, keyValue: field.payload)
                exemplar.filteredAttributes.append(
                    Exemplar.Label(name: text(bytes, attribute.key), value: attribute.value.label(bytes)))
            default: break
            }
        }
        guard !exemplar.traceID.isZero else { return nil }
        self.exemplar = exemplar
        self.message = message.range.map { bytes[$0] }
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

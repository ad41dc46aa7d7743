/// At most how many spans of an ExportTraceServiceRequest will be in its index, found by a look at the envelopes alone: a
/// small part of what validation takes. Spans too small for both of their ids are not counted, they are refused.
package func countSpans(_ bytes: Span<UInt8>) -> Int {
    // resource_spans, scope_spans, spans: field 1, then 2 and 2.
    countMessages(bytes, ByteRange(0, bytes.count), field: 1) { resource in
        countMessages(bytes, resource, field: 2) { scope in
            countMessages(bytes, scope, field: 2) { $0.count < leastSpanBytes ? 0 : 1 }
        }
    }
}

/// A trace id of 16 bytes and a span id of 8, each with tag and length.
private let leastSpanBytes = 28

private func countMessages(
    _ bytes: Span<UInt8>, _ range: ByteRange, field: UInt64, _ count: (ByteRange) -> Int
) -> Int {
    var reader = WireReader(bytes, range)
    var sum = 0
    while let tag = reader.varint() {
        switch tag & 7 {
        case 0: guard reader.varint() != nil else { return sum }
        case 1: guard reader.skip(8) else { return sum }
        case 2:
            guard let payload = reader.lengthDelimited() else { return sum }
            if tag >> 3 == field { sum += count(payload) }
        case 5: guard reader.skip(4) else { return sum }
        default: return sum
        }
    }
    return sum
}

import CollectorCore
import OTLPWire

/// Counts the items of an export request by its envelopes alone: spans are skipped, not read.
enum EnvelopeCount {
    /// The number of spans, data points or log records; nil for bytes that are no such request.
    static func items(_ bytes: Span<UInt8>, _ signal: Signal) -> Int? {
        // Request.resource_… = 1, Resource….scope_… = 2, Scope….spans (metrics, log_records) = 2.
        switch signal {
        case .traces, .logs: count(bytes, ByteRange(0, bytes.count), path: [1, 2, 2])
        // Metric.data is a oneof of messages whose field 1 are the points.
        case .metrics: count(bytes, ByteRange(0, bytes.count), path: [1, 2, 2, metricData, 1])
        }
    }

    /// Stands for the fields 5, 7, 9, 10 and 11 of Metric.
    private static let metricData: UInt64 = 0

    /// How many messages lie at the end of `path`, the field numbers to follow.
    private static func count(_ bytes: Span<UInt8>, _ range: ByteRange, path: ArraySlice<UInt64>) -> Int? {
        guard let wanted = path.first else { return 1 }
        let rest = path.dropFirst()
        var reader = WireReader(bytes, range)
        var total = 0
        while !reader.isAtEnd {
            guard let tag = reader.varint() else { return nil }
            switch tag & 7 {
            case 0: guard reader.varint() != nil else { return nil }
            case 1: guard reader.skip(8) else { return nil }
            case 5: guard reader.skip(4) else { return nil }
            case 2:
                guard let payload = reader.lengthDelimited() else { return nil }
                guard matches(tag >> 3, wanted) else { continue }
                if rest.isEmpty {
                    total += 1
                } else {
                    guard let inner = count(bytes, payload, path: rest) else { return nil }
                    total += inner
                }
            default: return nil
            }
        }
        return total
    }

    private static func matches(_ field: UInt64, _ wanted: UInt64) -> Bool {
        guard wanted == metricData else { return field == wanted }
        return field == 5 || field == 7 || field >= 9 && field <= 11
    }

    private static func count(_ bytes: Span<UInt8>, _ range: ByteRange, path: [UInt64]) -> Int? {
        count(bytes, range, path: path[...])
    }
}

package import CollectorCore
import NIOCore
package import OTLPWire

/// An exemplar as a backend would read it.
package struct ReadExemplar: Sendable, Equatable {
    package var traceID: TraceID
    package var spanID: UInt64
    package var value: Double
    package var time: UInt64

    package init(traceID: TraceID, spanID: UInt64, value: Double, time: UInt64) {
        self.traceID = traceID
        self.spanID = spanID
        self.value = value
        self.time = time
    }
}

/// A histogram point as a backend would read it.
package struct ReadHistogramPoint: Sendable, Equatable {
    package var metric: String
    package var count: UInt64
    package var counts: [UInt64]
    package var bounds: [Double]
    package var exemplars: [ReadExemplar]
}

extension Batch {
    /// All explicit-bucket points in order.
    package func readHistogramPoints() throws -> [ReadHistogramPoint] {
        var points: [ReadHistogramPoint] = []
        for segment in segments {
            // Validated anew: what a processor rewrote must still be a request.
            let fresh = try Segment(signal: .metrics, Array(segment.body.readableBytesView))
            let bytes = fresh.body.readableBytesUInt8Span
            guard case .metrics(let index) = fresh.index else { continue }
            for metric in index.metrics where metric.kind == .histogram {
                var fields = FieldCursor(bytes, metric.data)
                while let field = fields.next() {
                    guard field.number == 1 else { continue }
                    points.append(readPoint(bytes, field.payload, metric: text(bytes, metric.name)))
                }
            }
        }
        return points
    }
}

private func readPoint(_ bytes: Span<UInt8>, _ range: ByteRange, metric: String) -> ReadHistogramPoint {
    var point = ReadHistogramPoint(metric: metric, count: 0, counts: [], bounds: [], exemplars: [])
    var fields = FieldCursor(bytes, range)
    while let field = fields.next() {
        switch field.number {
        case 4: point.count = field.scalar
        case 6: forEachFixed64(of: field, in: bytes) { point.counts.append($0) }
        case 7: forEachFixed64(of: field, in: bytes) { point.bounds.append(Double(bitPattern: $0)) }
        case 8: point.exemplars.append(readExemplar(bytes, field.payload))
        default: break
        }
    }
    return point
}

private func readExemplar(_ bytes: Span<UInt8>, _ range: ByteRange) -> ReadExemplar {
    var exemplar = ReadExemplar(traceID: TraceID(high: 0, low: 0), spanID: 0, value: .nan, time: 0)
    var fields = FieldCursor(bytes, range)
    while let field = fields.next() {
        switch field.number {
        case 2: exemplar.time = field.scalar
        case 3: exemplar.value = Double(bitPattern: field.scalar)
        case 4 where field.payload.count == 8: exemplar.spanID = loadBigEndian64(bytes, field.payload.start)
        case 5 where field.payload.count == 16:
            exemplar.traceID = TraceID(
                high: loadBigEndian64(bytes, field.payload.start), low: loadBigEndian64(bytes, field.payload.start + 8))
        case 6: exemplar.value = Double(Int64(bitPattern: field.scalar))
        default: break
        }
    }
    return exemplar
}

import CollectorCore
import CollectorTestKit
import OTLPWire

/// A data point as a backend would read it.
struct ReadPoint: Equatable {
    var metric: String
    var resource: [String: String]
    var labels: [String: String]
    /// The value of a sum, the count of a histogram.
    var count: UInt64
    var start: UInt64
    var time: UInt64
    var temporality: UInt64
    var unit: String
    var sum: Double
    var buckets: [UInt64]
    var bounds: [Double]
    var scale: Int32
    var exemplars: [ReadExemplar]
}

extension RecordingConsumer {
    /// All points that were taken, in order; each request is validated anew.
    func points() throws -> [ReadPoint] { try batches.flatMap { try $0.points() } }

    /// The points of one metric by the values of some labels, of the last flush that told them.
    func latest(_ metric: String, by labels: String...) throws -> [[String]: ReadPoint] {
        var found: [[String]: ReadPoint] = [:]
        for point in try points() where point.metric == metric {
            found[labels.map { point.labels[$0] ?? "-" }] = point
        }
        return found
    }

    /// What all series of a metric counted, by the last flush that told of each.
    func total(_ metric: String) throws -> UInt64 {
        var found: [String: UInt64] = [:]
        for point in try points() where point.metric == metric {
            found["\(point.resource.sorted { $0.key < $1.key }) \(point.labels.sorted { $0.key < $1.key })"] =
                point.count
        }
        return found.values.reduce(0, +)
    }
}

extension Batch {
    func points() throws -> [ReadPoint] {
        var points: [ReadPoint] = []
        for segment in segments {
            let fresh = try Segment(signal: .metrics, Array(segment.body.readableBytesView))
            let bytes = fresh.body.readableBytesUInt8Span
            guard case .metrics(let index) = fresh.index else { continue }
            for metric in index.metrics {
                let group = index.resources[Int(index.scopes[Int(metric.scope)].parent)]
                let resource = payload(of: 1, in: group.head, bytes).map { attributes(bytes, $0, 1) } ?? [:]
                points += read(metric, resource, bytes)
            }
        }
        return points
    }
}

private func read(_ metric: MetricEntry, _ resource: [String: String], _ bytes: Span<UInt8>) -> [ReadPoint] {
    var temporality: UInt64 = 0
    var points: [ReadPoint] = []
    var fields = FieldCursor(bytes, metric.data)
    while let field = fields.next() {
        if field.number == 2 { temporality = field.scalar }
        guard field.number == 1 else { continue }
        var point = ReadPoint(
            metric: text(bytes, metric.name), resource: resource, labels: [:], count: 0, start: 0, time: 0,
            temporality: 0, unit: payload(of: 3, in: metric.range, bytes).map { text(bytes, $0) } ?? "", sum: 0,
            buckets: [], bounds: [], scale: 0, exemplars: [])
        read(&point, metric.kind, bytes, field.payload)
        points.append(point)
    }
    return points.map { point in
        var point = point
        point.temporality = temporality
        return point
    }
}

private func read(_ point: inout ReadPoint, _ kind: MetricEntry.Kind, _ bytes: Span<UInt8>, _ range: ByteRange) {
    let attributesField: UInt32 = kind == .sum ? 7 : kind == .histogram ? 9 : 1
    let exemplarField: UInt32 = kind == .sum ? 5 : kind == .histogram ? 8 : 11
    point.labels = attributes(bytes, range, attributesField)
    var fields = FieldCursor(bytes, range)
    while let field = fields.next() {
        switch (kind, field.number) {
        case (_, 2): point.start = field.scalar
        case (_, 3): point.time = field.scalar
        case (.sum, 6), (_, 4): point.count = field.scalar
        case (_, 5) where kind != .sum: point.sum = Double(bitPattern: field.scalar)
        case (.histogram, 6): forEachFixed64(of: field, in: bytes) { point.buckets.append($0) }
        case (.histogram, 7): forEachFixed64(of: field, in: bytes) { point.bounds.append(Double(bitPattern: $0)) }
        case (.exponentialHistogram, 6):
            let zigzag = UInt32(truncatingIfNeeded: field.scalar)
            point.scale = Int32(bitPattern: zigzag >> 1) ^ -Int32(bitPattern: zigzag & 1)
        case (.exponentialHistogram, 8):
            guard let counts = payload(of: 2, in: field.payload, bytes) else { break }
            var reader = WireReader(bytes, counts)
            while let count = reader.varint() { point.buckets.append(count) }
        case (_, exemplarField):
            let exemplar = PointExemplar(bytes, exemplar: field.payload)
            guard case .double(let value) = exemplar.value else { break }
            point.exemplars.append(
                ReadExemplar(
                    traceID: exemplar.traceID, spanID: exemplar.spanID, value: value, time: exemplar.timeNanoseconds))
        default: break
        }
    }
}

private func attributes(_ bytes: Span<UInt8>, _ message: ByteRange, _ field: UInt32) -> [String: String] {
    var found: [String: String] = [:]
    var cursor = AttributeCursor(bytes, message: message, fieldNumber: field)
    while let attribute = cursor.next() {
        let key = text(bytes, attribute.key)
        switch attribute.value {
        case .string(let range): found[key] = text(bytes, range)
        case .int(let number): found[key] = "\(number)"
        case .bool(let flag): found[key] = "\(flag)"
        default: found[key] = "?"
        }
    }
    return found
}

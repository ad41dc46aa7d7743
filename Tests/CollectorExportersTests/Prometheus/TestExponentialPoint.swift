import CollectorTestKit

/// A point of an exponential histogram to be written.
struct TestExponentialPoint {
    var attributes: TestAttributes = [:]
    var scale: Int32
    var zeroCount: UInt64 = 0
    var positive: (offset: Int32, counts: [UInt64]) = (0, [])
    var negative: (offset: Int32, counts: [UInt64]) = (0, [])
    var sum: Double? = 1
    /// Nil for the sum of the buckets.
    var count: UInt64?
    var zeroThreshold = 0.0
    /// In seconds after the moment all tests start from.
    var times: (start: UInt64, end: UInt64) = (0, 1)
    var hasNoValue = false
    var exemplars: [(trace: UInt64, value: Double, time: UInt64)] = []

    static let origin: UInt64 = 1_700_000_000

    func write(_ point: inout ProtobufMessage) {
        point.attributes(1, attributes)
        point.fixed64(2, (Self.origin + times.start) * 1_000_000_000)
        point.fixed64(3, (Self.origin + times.end) * 1_000_000_000)
        point.fixed64(4, count ?? (positive.counts + negative.counts).reduce(zeroCount, &+))
        if let sum { point.double(5, sum) }
        point.varint(6, Self.zigzag(scale))
        point.fixed64(7, zeroCount)
        for (field, buckets) in [(8, positive), (9, negative)] {
            point.message(field) { message in
                message.varint(1, Self.zigzag(buckets.offset))
                var packed = ProtobufMessage()
                for count in buckets.counts { packed.rawVarint(count) }
                message.bytes(2, packed.bytes)
            }
        }
        if hasNoValue { point.varint(10, 1) }
        for exemplar in exemplars {
            point.message(11) { message in
                message.fixed64(2, (Self.origin + exemplar.time) * 1_000_000_000)
                message.double(3, exemplar.value)
                message.bytes(4, [1, 1, 1, 1, 1, 1, 1, 1])
                message.bytes(5, [UInt8](repeating: 7, count: 15) + [UInt8(truncatingIfNeeded: exemplar.trace)])
            }
        }
        if zeroThreshold != 0 { point.double(14, zeroThreshold) }
    }

    private static func zigzag(_ value: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: value << 1) ^ UInt32(bitPattern: value >> 31))
    }
}

extension PrometheusHarness {
    /// Sends a point of one resource.
    func send(
        _ point: TestExponentialPoint, _ temporality: TestTemporality = .cumulative, name: String = "h",
        unit: String = "", host: String = "a"
    ) throws {
        let request = ProtobufMessage { request in
            request.message(1) { resource in
                resource.message(1) { message in
                    message.message(1) { pair in
                        pair.string(1, "host.name")
                        pair.message(2) { $0.string(1, host) }
                    }
                }
                resource.message(2) { scope in
                    scope.message(2) { metric in
                        metric.string(1, name)
                        metric.string(3, unit)
                        metric.message(10) { data in
                            data.message(1) { point.write(&$0) }
                            data.varint(2, temporality.rawValue)
                        }
                    }
                }
            }
        }
        try send(request.bytes)
    }

    static let protobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"

    /// What a scrape for protobuf shows, read strictly.
    func scrapeMessages(escaping: String? = nil) throws -> MessageExposition {
        let parameter = escaping.map { ";escaping=\($0)" } ?? ""
        return try MessageExposition(Array(answer(accept: Self.protobuf + parameter).body.readableBytesView))
    }
}

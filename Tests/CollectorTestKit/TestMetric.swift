package import OTLPWire

/// `AggregationTemporality` as written.
package enum TestTemporality: UInt64, Sendable {
    case unspecified, delta, cumulative
}

/// An exemplar to be written into a point.
package struct TestExemplar: Sendable {
    package var traceID: TraceID?
    package var spanID: UInt64 = 1
    package var value: Double
    package var time: UInt64 = 1_700_000_000_000_000_000
    package var filteredAttributes: TestAttributes = [:]

    package init(
        _ traceID: TraceID?, spanID: UInt64 = 1, value: Double, time: UInt64 = 1_700_000_000_000_000_000,
        filteredAttributes: TestAttributes = [:]
    ) {
        self.traceID = traceID
        self.spanID = spanID
        self.value = value
        self.time = time
        self.filteredAttributes = filteredAttributes
    }

    fileprivate func write(_ exemplar: inout ProtobufMessage) {
        exemplar.fixed64(2, time)
        exemplar.double(3, value)
        if let traceID {
            exemplar.bytes(4, bigEndian(spanID))
            exemplar.bytes(5, bigEndian(traceID.high) + bigEndian(traceID.low))
        }
        exemplar.attributes(7, filteredAttributes)
    }
}

/// A histogram data point; `counts` has one element more than `bounds`.
package struct TestHistogramPoint: Sendable {
    package var attributes: TestAttributes
    package var bounds: [Double]
    package var counts: [UInt64]
    package var sum: Double?
    package var start: UInt64
    package var time: UInt64
    package var exemplars: [TestExemplar]

    package init(
        attributes: TestAttributes = [:], bounds: [Double], counts: [UInt64], sum: Double? = nil,
        start: UInt64 = 1_699_999_000_000_000_000, time: UInt64 = 1_700_000_000_000_000_000,
        exemplars: [TestExemplar] = []
    ) {
        self.attributes = attributes
        self.bounds = bounds
        self.counts = counts
        self.sum = sum
        self.start = start
        self.time = time
        self.exemplars = exemplars
    }

    fileprivate func write(_ point: inout ProtobufMessage) {
        point.fixed64(2, start)
        point.fixed64(3, time)
        point.fixed64(4, counts.reduce(0, &+))
        if let sum { point.double(5, sum) }
        if !counts.isEmpty { point.packedFixed64(6, counts) }
        if !bounds.isEmpty { point.packedDoubles(7, bounds) }
        for exemplar in exemplars { point.message(8) { exemplar.write(&$0) } }
        point.attributes(9, attributes)
    }
}

/// A point of a gauge or a sum.
package struct TestNumberPoint: Sendable {
    package var attributes: TestAttributes
    package var value: Double
    package var start: UInt64
    package var time: UInt64
    package var exemplars: [TestExemplar]

    package init(
        attributes: TestAttributes = [:], value: Double, start: UInt64 = 1_699_999_000_000_000_000,
        time: UInt64 = 1_700_000_000_000_000_000, exemplars: [TestExemplar] = []
    ) {
        self.attributes = attributes
        self.value = value
        self.start = start
        self.time = time
        self.exemplars = exemplars
    }

    fileprivate func write(_ point: inout ProtobufMessage) {
        point.fixed64(2, start)
        point.fixed64(3, time)
        point.double(4, value)
        for exemplar in exemplars { point.message(5) { exemplar.write(&$0) } }
        point.attributes(7, attributes)
    }
}

/// A metric to be written.
package struct TestMetric: Sendable {
    package enum Data: Sendable {
        case gauge([TestNumberPoint])
        case sum([TestNumberPoint], TestTemporality = .cumulative, isMonotonic: Bool = true)
        case histogram([TestHistogramPoint], TestTemporality = .cumulative)
    }

    package var name: String
    package var description: String
    package var unit: String
    package var data: Data

    package init(_ name: String, description: String = "", unit: String = "", _ data: Data) {
        self.name = name
        self.description = description
        self.unit = unit
        self.data = data
    }

    /// The Metric message.
    package var encoded: [UInt8] {
        ProtobufMessage { metric in
            metric.string(1, name)
            if !description.isEmpty { metric.string(2, description) }
            if !unit.isEmpty { metric.string(3, unit) }
            switch data {
            case .gauge(let points):
                metric.message(5) { gauge in
                    for point in points { gauge.message(1) { point.write(&$0) } }
                }
            case .sum(let points, let temporality, let isMonotonic):
                metric.message(7) { sum in
                    for point in points { sum.message(1) { point.write(&$0) } }
                    sum.varint(2, temporality.rawValue)
                    sum.varint(3, isMonotonic ? 1 : 0)
                }
            case .histogram(let points, let temporality):
                metric.message(9) { histogram in
                    for point in points { histogram.message(1) { point.write(&$0) } }
                    histogram.varint(2, temporality.rawValue)
                }
            }
        }.bytes
    }
}

/// One ResourceMetrics in an ExportMetricsServiceRequest. Concatenate the results for requests with several resources.
package func metricsRequest(
    resource: TestAttributes = ["service.name": "shop"], scope: String = "test", _ metrics: [TestMetric]
) -> [UInt8] {
    request(resource: resource, scope: scope, items: metrics.map(\.encoded))
}

/// One ResourceLogs in an ExportLogsServiceRequest, a record for each body.
package func logsRequest(
    resource: TestAttributes = ["service.name": "shop"], scope: String = "test", _ bodies: [String]
) -> [UInt8] {
    let records = bodies.map { body in
        ProtobufMessage { record in
            record.fixed64(1, 1_700_000_000_000_000_000)
            record.message(5) { $0.string(1, body) }
        }.bytes
    }
    return request(resource: resource, scope: scope, items: records)
}

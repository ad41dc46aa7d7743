// What validation leaves behind of an ExportMetricsServiceRequest.
//
//     ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; string schema_url = 3 }
//     ScopeMetrics    { InstrumentationScope scope = 1; repeated Metric metrics = 2; string schema_url = 3 }
//     Metric          { …; oneof data { Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9;
//                       ExponentialHistogram exponential_histogram = 10; Summary summary = 11 } }

/// One metric: where it stands and what kind of points it has.
package struct MetricEntry: Sendable {
    /// The field numbers of the oneof `Metric.data`.
    package enum Kind: UInt8, Sendable {
        case none = 0
        case gauge = 5
        case sum = 7
        case histogram = 9
        case exponentialHistogram = 10
        case summary = 11
    }

    /// The Metric message, without its tag and length.
    package var range: ByteRange
    /// The message of `data`, without its tag and length.
    package var data: ByteRange
    /// The value of `name`.
    package var name: ByteRange
    /// The index of its ScopeMetrics in `MetricIndex.scopes`.
    package var scope: UInt32
    package var pointCount: UInt32
    package var kind: Kind
}

/// The index of one request's metrics.
package struct MetricIndex: Sendable {
    package var resources: [GroupEntry] = []
    package var scopes: [GroupEntry] = []
    package var metrics: [MetricEntry] = []
    package var pointCount = 0

    package init() {}
}

/// The index of one request's log records: only their number, until something picks among them.
package struct LogIndex: Sendable {
    package var recordCount = 0

    package init() {}
}

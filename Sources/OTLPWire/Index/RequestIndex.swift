/// The index of one export request of any signal.
package enum RequestIndex: Sendable {
    case traces(TraceIndex)
    case metrics(MetricIndex)
    case logs(LogIndex)

    /// The number of spans, data points or log records.
    package var itemCount: Int {
        switch self {
        case .traces(let index): index.spans.count
        case .metrics(let index): index.pointCount
        case .logs(let index): index.recordCount
        }
    }

    /// The bytes the index itself occupies, for accounting.
    package var memoryBytes: Int {
        switch self {
        case .traces(let index):
            index.spans.capacity * MemoryLayout<SpanEntry>.stride
                + (index.scopes.capacity + index.resources.capacity) * MemoryLayout<GroupEntry>.stride
        case .metrics(let index):
            index.metrics.capacity * MemoryLayout<MetricEntry>.stride
                + (index.scopes.capacity + index.resources.capacity) * MemoryLayout<GroupEntry>.stride
        case .logs: 0
        }
    }
}

/// What an OTLP request carries. The raw value is the word of the configuration (`service.pipelines.traces`).
package enum Signal: String, Sendable, CaseIterable {
    case traces, metrics, logs

    /// The word for one item of this signal in metric names (`otelcol_receiver_accepted_spans`).
    package var itemName: String {
        switch self {
        case .traces: "spans"
        case .metrics: "metric_points"
        case .logs: "log_records"
        }
    }
}

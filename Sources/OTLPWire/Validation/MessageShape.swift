/// The messages of OTLP's three signals.
package enum MessageShape: UInt8, CaseIterable, Sendable {
    case anyValue, arrayValue, keyValueList, keyValue
    case resource, entityRef, scope
    case span, event, link, status
    case metric, gauge, sum, histogram, exponentialHistogram, summary
    case numberPoint, histogramPoint, exponentialPoint, buckets, summaryPoint, quantile, exemplar
    case logRecord
    case traceRequest, resourceSpans, scopeSpans
    case metricRequest, resourceMetrics, scopeMetrics
    case logRequest, resourceLogs, scopeLogs

    /// The message's name in the standard.
    package var name: StaticString {
        switch self {
        case .anyValue: "AnyValue"
        case .arrayValue: "ArrayValue"
        case .keyValueList: "KeyValueList"
        case .keyValue: "KeyValue"
        case .resource: "Resource"
        case .entityRef: "EntityRef"
        case .scope: "InstrumentationScope"
        case .span: "Span"
        case .event: "Span.Event"
        case .link: "Span.Link"
        case .status: "Status"
        case .metric: "Metric"
        case .gauge: "Gauge"
        case .sum: "Sum"
        case .histogram: "Histogram"
        case .exponentialHistogram: "ExponentialHistogram"
        case .summary: "Summary"
        case .numberPoint: "NumberDataPoint"
        case .histogramPoint: "HistogramDataPoint"
        case .exponentialPoint: "ExponentialHistogramDataPoint"
        case .buckets: "ExponentialHistogramDataPoint.Buckets"
        case .summaryPoint: "SummaryDataPoint"
        case .quantile: "SummaryDataPoint.ValueAtQuantile"
        case .exemplar: "Exemplar"
        case .logRecord: "LogRecord"
        case .traceRequest: "ExportTraceServiceRequest"
        case .resourceSpans: "ResourceSpans"
        case .scopeSpans: "ScopeSpans"
        case .metricRequest: "ExportMetricsServiceRequest"
        case .resourceMetrics: "ResourceMetrics"
        case .scopeMetrics: "ScopeMetrics"
        case .logRequest: "ExportLogsServiceRequest"
        case .resourceLogs: "ResourceLogs"
        case .scopeLogs: "ScopeLogs"
        }
    }
}

/// A message that is sent or stored on its own: the root of a tree.
package enum MessageKind: CaseIterable, Sendable {
    /// `ExportTraceServiceRequest`; the same bytes as `TracesData`.
    case tracesRequest
    /// `ExportMetricsServiceRequest`; the same bytes as `MetricsData`.
    case metricsRequest
    /// `ExportLogsServiceRequest`; the same bytes as `LogsData`.
    case logsRequest
    /// `ExportTraceServiceResponse`.
    case tracesResponse
    /// `ExportMetricsServiceResponse`.
    case metricsResponse
    /// `ExportLogsServiceResponse`.
    case logsResponse
    /// `google.rpc.Status`, the body of every OTLP/HTTP error and of `grpc-status-details-bin`.
    case rpcStatus
    /// `google.rpc.BadRequest`, a detail of `rpcStatus`.
    case badRequest
    /// `google.rpc.RetryInfo`, a detail of `rpcStatus`.
    case retryInfo
    /// `grpc.health.v1.HealthCheckRequest`.
    case healthRequest
    /// `grpc.health.v1.HealthCheckResponse`.
    case healthResponse
}

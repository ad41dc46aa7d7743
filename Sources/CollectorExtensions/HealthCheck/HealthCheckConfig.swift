import CollectorCore
import CollectorTransport

/// The settings of `health_check`, with the OpenTelemetry Collector's keys and defaults.
package struct HealthCheckConfig: Sendable {
    var endpoint: String
    var path: String
    /// What is answered instead of the built-in JSON.
    var healthyBody: String?
    var unhealthyBody: String?

    init(_ reader: ConfigReader) {
        endpoint = reader.string("endpoint", default: "localhost:13133")
        do {
            _ = try Endpoint(endpoint)
        } catch {
            reader.error("endpoint", "\(error)")
        }
        path = reader.string("path", default: "/")
        if !path.hasPrefix("/") { reader.error("path", "`\(path)` must begin with `/`") }
        let body = reader.settings("response_body")
        healthyBody = body.optionalString("healthy")
        unhealthyBody = body.optionalString("unhealthy")
        for key in ["tls", "auth", "cors", "check_collector_pipeline", "use_v2", "http", "grpc", "component_health"] {
            reader.unsupported(key, because: "the check tells whether the service takes data; remove the key")
        }
        reader.finish()
    }
}

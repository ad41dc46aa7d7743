/// `service.telemetry`: how the collector tells of itself.
package struct TelemetryConfig: Sendable {
    package enum MetricsLevel: String, Sendable, CaseIterable {
        case none, basic, normal, detailed
    }

    package enum LogLevel: String, Sendable, CaseIterable {
        case debug, info, warn, error, fatal
    }

    package enum LogEncoding: String, Sendable, CaseIterable {
        case console, json
    }

    package enum LogOutput: String, Sendable, CaseIterable {
        case stderr, stdout
    }

    package struct Logs: Sendable {
        package var level: LogLevel
        package var encoding: LogEncoding
        package var output: LogOutput
        /// Fields that every line carries.
        package var initialFields: [(name: String, value: String)]
    }

    /// A scrape endpoint for the collector's own metrics.
    package struct ScrapeEndpoint: Sendable, Equatable {
        /// Empty for all addresses.
        package var host: String
        package var port: Int
        /// Metric names without `_total`.
        package var withoutTypeSuffix: Bool
        /// Metric names without `_seconds`, `_bytes`.
        package var withoutUnits: Bool
        /// No `otel_scope_…` labels.
        package var withoutScopeInfo: Bool

        package init(
            host: String, port: Int, withoutTypeSuffix: Bool = true, withoutUnits: Bool = true,
            withoutScopeInfo: Bool = true
        ) {
            self.host = host
            self.port = port
            self.withoutTypeSuffix = withoutTypeSuffix
            self.withoutUnits = withoutUnits
            self.withoutScopeInfo = withoutScopeInfo
        }
    }

    package struct Metrics: Sendable {
        package var level: MetricsLevel
        /// Where to serve; empty when the level is `none` or the list of readers is.
        package var endpoints: [ScrapeEndpoint]
    }

    package var logs: Logs
    package var metrics: Metrics
    /// Attributes of the collector's own resource; one without a value is taken away from the built-in ones.
    package var resource: [(name: String, value: String?)]
}

import CollectorService

/// The configuration of `needletail` without `--config`.
enum DefaultConfig {
    /// The sources to load: the built-in YAML, and on top of it an OTLP exporter when the environment names a backend.
    static func sources(_ environment: ConfigEnvironment) -> [String] {
        let hasBackend = environment["OTEL_EXPORTER_OTLP_ENDPOINT"].map { !$0.isEmpty } ?? false
        return ["yaml:" + yaml] + (hasBackend ? ["yaml:" + backend] : [])
    }

    static let yaml = """
        receivers:
          otlp:
            protocols:
              grpc: {endpoint: localhost:4317}
              http: {endpoint: localhost:4318}
        processors:
          tail_sampling:
            decision_wait: 3s
            policies:
              - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
              - {name: slow, type: latency, latency: {threshold_ms: 500}}
              - {name: one-percent, type: probabilistic, probabilistic: {sampling_percentage: 1}}
          exemplars: {}
        exporters:
          prometheus: {endpoint: localhost:8889, enable_open_metrics: true}
          file: {path: needletail-traces.jsonl}
          nop:
        service:
          pipelines:
            traces:
              receivers: [otlp]
              processors: [tail_sampling, exemplars]
              exporters: [file]
            metrics:
              receivers: [otlp]
              processors: [exemplars]
              exporters: [prometheus]
            logs:
              receivers: [otlp]
              exporters: [nop]
        """

    /// Laid over `yaml`: lists replace.
    static let backend = """
        exporters:
          otlp_http: {endpoint: "${env:OTEL_EXPORTER_OTLP_ENDPOINT}"}
        service:
          pipelines:
            traces: {exporters: [file, otlp_http]}
            logs: {exporters: [otlp_http]}
        """

    static let welcome = """

          send OTLP to   localhost:4317 (gRPC), http://localhost:4318 (HTTP)
          scrape         http://localhost:8889/metrics
          kept traces    needletail-traces.jsonl (OTLP/JSON lines)
          own metrics    http://localhost:8888/metrics
          why, by trace  needletail explain TRACE_ID
          stop           Ctrl-C


        """
}

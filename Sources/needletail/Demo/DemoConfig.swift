/// What the demo has beside the built-in configuration, so that every dashboard has something to show: metrics from all
/// spans before the sampler, who calls whom, policies that learn, promoted exemplars.
enum DemoConfig {
    static let overlay = """
        processors:
          tail_sampling:
            # Tight on purpose: when the shop is busy, some traces are decided early.
            num_traces: 114
            policies:
              - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
              - {name: slow, type: latency, latency: {threshold_ms: 500}}
              - {name: slow-for-what-it-is, type: latency_percentile, latency_percentile: {percentile: 99}}
              - {name: one-percent, type: probabilistic, probabilistic: {sampling_percentage: 1}}
              - {name: quarter-second, type: latency, latency: {threshold_ms: 250}, shadow: true}
          exemplars: {promote: {budget_per_second: 1}}
        connectors:
          span_metrics: {metrics_flush_interval: 2s, exemplars: {enabled: true}}
          service_graph: {metrics_flush_interval: 2s, store: {ttl: 8s}}
        service:
          pipelines:
            traces/all: {receivers: [otlp], exporters: [span_metrics, service_graph]}
            metrics: {receivers: [otlp, span_metrics, service_graph]}
        """
}

import ArgumentParser
import CollectorCore

/// The command line.
struct Needletail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "needletail",
        abstract: "An OpenTelemetry collector: samples traces by their tail, attaches exemplars that resolve, "
            + "shows metrics to Prometheus.",
        discussion: """
            EXAMPLES:
              needletail                                   start on the built-in configuration
              needletail --config collector.yaml           start on a configuration of the OpenTelemetry Collector
              needletail --config base.yaml --config prod.yaml --set exporters.otlp_http.timeout=5s
              needletail validate --config collector.yaml  report every mistake, start nothing
              needletail print-config --config a.yaml      what merging and ${env:…} made of it, secrets hidden
              needletail demo                              start with a small shop that sends real telemetry
              needletail explain TRACE_ID                  ask a running collector why it kept or dropped a trace
              needletail simulate --config a.yaml t.jsonl  try policies on captured traces
            """,
        version: "needletail \(BuildInfo.current.version)",
        subcommands: [
            Run.self, Demo.self, Validate.self, PrintConfig.self, Components.self, Explain.self, Simulate.self,
        ],
        defaultSubcommand: Run.self)
}

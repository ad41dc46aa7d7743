import CollectorCore
import CollectorService
import Testing

@Suite("service.telemetry")
struct TelemetryConfigTests {
    private func load(_ yaml: String) throws -> (TelemetryConfig, Diagnostics) {
        let (config, diagnostics) = ConfigLoader.load(
            sources: ["yaml:" + smallConfig, "yaml:service: {telemetry: \(yaml)}"], environment: ConfigEnvironment([:]))
        return (try #require(config).telemetry, diagnostics)
    }

    @Test("Left out, it is the collector's defaults", arguments: ["", "{logs: , metrics: }"])
    func defaults(yaml: String) throws {
        let (telemetry, diagnostics) = try load(yaml)
        #expect(diagnostics.rendered == "")
        #expect(
            telemetry.logs.level == .info && telemetry.logs.encoding == .console && telemetry.logs.output == .stderr)
        #expect(telemetry.metrics.level == .normal)
        #expect(telemetry.metrics.endpoints == [TelemetryConfig.ScrapeEndpoint(host: "localhost", port: 8888)])
        #expect(telemetry.resource.isEmpty)
    }

    @Test(
        "Where own metrics are served can be written in both ways, or not at all",
        arguments: [
            ("{readers: [{pull: {exporter: {prometheus: {host: 0.0.0.0, port: 9999}}}}]}", "0.0.0.0", 9999),
            ("{readers: [{pull: {exporter: {prometheus: }}}]}", "localhost", 8888),
            ("{address: ':8889'}", "", 8889), ("{address: '[::1]:8889'}", "::1", 8889),
            ("{address: localhost:0}", "localhost", 0), ("{readers: []}", nil, 0), ("{level: none}", nil, 0),
            ("{level: Detailed}", "localhost", 8888),
        ] as [(String, String?, Int)])
    func endpoints(yaml: String, host: String?, port: Int) throws {
        let (telemetry, diagnostics) = try load("{metrics: \(yaml)}")
        #expect(diagnostics.rendered == "")
        let expected = host.map { TelemetryConfig.ScrapeEndpoint(host: $0, port: port) }
        #expect(telemetry.metrics.endpoints == [expected].compactMap { $0 })
    }

    @Test("A reader can ask for the suffixes that names are without by default")
    func suffixes() throws {
        let reader = "{prometheus: {without_type_suffix: false, without_units: false, without_scope_info: false}}"
        let (telemetry, _) = try load("{metrics: {readers: [{pull: {exporter: \(reader)}}]}}")
        #expect(
            telemetry.metrics.endpoints == [
                TelemetryConfig.ScrapeEndpoint(
                    host: "localhost", port: 8888, withoutTypeSuffix: false, withoutUnits: false,
                    withoutScopeInfo: false)
            ])
    }

    @Test("Logs and resource attributes are read in every notation")
    func logsAndResource() throws {
        let (telemetry, diagnostics) = try load(
            """
            {logs: {level: DEBUG, encoding: json, output_paths: [stdout], initial_fields: {a: b}},
             resource: {service.name: edge, service.version: , attributes: [{name: k, value: v, type: string}]}}
            """)
        #expect(diagnostics.rendered == "")
        #expect(telemetry.logs.level == .debug && telemetry.logs.encoding == .json && telemetry.logs.output == .stdout)
        #expect(telemetry.logs.initialFields.map(\.name) == ["a"])
        #expect(telemetry.resource.map(\.name) == ["service.name", "service.version", "k"])
        #expect(telemetry.resource.map(\.value) == ["edge", nil, "v"])
    }

    @Test("What the Go collector's logger has and this one does not is noted")
    func hints() throws {
        let (_, diagnostics) = try load("{logs: {development: true, sampling: {enabled: false}}}")
        #expect(!diagnostics.hasErrors)
        #expect(
            diagnostics.notes.map(\.path.description) == [
                "service.telemetry.logs.development", "service.telemetry.logs.sampling",
            ])
    }

    @Test(
        "What cannot be honoured is refused",
        arguments: [
            ("{logs: {level: loud}}", "expected one of debug, info, warn, error, fatal, found `loud`"),
            (
                "{logs: {level: wran}}",
                "expected one of debug, info, warn, error, fatal, found `wran`; did you mean `warn`?"
            ),
            ("{logs: {output_paths: [/var/log/x]}}", "expected one of `stderr` and `stdout`"),
            ("{logs: {processors: [{batch: }]}}", "not supported: the log goes to `stderr` or `stdout` only"),
            ("{metrics: {address: localhost}}", "expected an address such as localhost:8888, found `localhost`"),
            (
                "{metrics: {address: 'localhost:99999'}}",
                "expected an address such as localhost:8888, found `localhost:99999`"
            ),
            ("{metrics: {address: ':1', readers: []}}", "cannot be combined with `readers`, which replaces it"),
            (
                "{metrics: {readers: [{periodic: {exporter: }}]}}",
                "not supported: own metrics are not pushed; scrape them with a `pull` reader"
            ),
            ("{metrics: {readers: [{}]}}", "expected `pull: {exporter: {prometheus: {host: …, port: …}}}`"),
            (
                "{metrics: {readers: [{pull: {exporter: {prometheus: {prot: 1}}}}]}}",
                "unknown key `prot`; did you mean `port`?"
            ),
            ("{metrics: {views: [{}]}}", "not supported: all own metrics are served"),
            ("{traces: {processors: [{}]}}", "not supported: this collector makes no spans of its own"),
            ("{metric: {}}", "unknown key `metric`; did you mean `metrics`?"),
            ("{resource: {a: [1]}}", "expected text, found a list"),
            ("{resource: {attributes: [{value: v}]}}", "must be set"),
        ])
    func mistakes(yaml: String, message: String) throws {
        let (_, diagnostics) = try load(yaml)
        #expect(diagnostics.errors.map(\.message) == [message])
        #expect(diagnostics.errors.first?.path.description.hasPrefix("service.telemetry.") == true)
    }
}

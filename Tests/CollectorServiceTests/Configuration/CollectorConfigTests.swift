import CollectorCore
import CollectorService
import Testing

@Suite("The outline of a configuration")
struct CollectorConfigTests {
    @Test("A configuration is taken apart into components, pipelines, extensions and telemetry")
    func outline() throws {
        let files = try ConfigFiles([
            "c.yaml": """
            extensions: {health_check: }
            receivers:
              otlp:
                protocols: {grpc: }
            processors: {batch: , batch/slow: {timeout: 10s}}
            connectors: {forward: }
            exporters: {debug: , otlp_http/b.c: {endpoint: "http://x"}}
            service:
              extensions: [health_check]
              pipelines:
                traces/in: {receivers: [otlp], processors: [batch, batch/slow], exporters: [forward]}
                traces: {receivers: [forward], exporters: [debug, otlp_http/b.c]}
                logs: {receivers: [otlp], exporters: [debug]}
            """
        ])
        let (loaded, diagnostics) = ConfigLoader.load(
            sources: [files.path("c.yaml")], environment: ConfigEnvironment([:]))
        let config = try #require(loaded)
        #expect(diagnostics.rendered == "")
        #expect(config.components(in: .processors).map(\.id.description) == ["batch", "batch/slow"])
        #expect(
            config.component(ComponentID(type: "otlp_http", name: "b.c"), in: .exporters)?.node["endpoint"]?.flow
                == "\"http://x\"")
        #expect(config.component(ComponentID(type: "otlp"), in: .exporters) == nil)
        #expect(config.extensions.map(\.id.description) == ["health_check"])
        #expect(config.pipelines.map(\.description) == ["traces/in", "traces", "logs"])
        let first = try #require(config.pipelines.first)
        #expect(first.signal == .traces && first.name == "in")
        #expect(first.receivers.map(\.id.description) == ["otlp"])
        #expect(first.processors.map(\.id.description) == ["batch", "batch/slow"])
        #expect(first.exporters.map(\.id.description) == ["forward"])
        #expect(first.processors.last?.mark == SourceMark(file: files.path("c.yaml"), line: 11, column: 56))
        #expect(first.processors.last?.path.description == "service.pipelines.traces/in.processors[1]")
    }

    @Test("Many mistakes are reported in one run, each with file, line, column and remedy")
    func manyMistakes() throws {
        let files = try ConfigFiles([
            "c.yaml": """
            reciever: {}
            receivers:
              otlp:
              otlp-http:
              " otlp":
            processors: [batch]
            connectors: {forward: , debug: }
            exporters:
              debug:
              otlp_http: {}
            service:
              pipeline: {}
              extensions: [health]
              pipelines:
                traces:
                  receivers: [otpl, forward, 1x]
                  processors: [debug]
                  exporters: [otlp_htp, otlp_http, otlp_http, debug, {a: b}]
                trace: {receivers: [otlp], exporters: [debug]}
                metrics:
                metrics/ : {}
                logs: {receivers: [], exporters: text, exporter: [debug]}
            """
        ])
        let (config, diagnostics) = ConfigLoader.load(
            sources: [files.path("c.yaml")], environment: ConfigEnvironment([:]))
        #expect(config != nil)
        let prefix = files.path("c.yaml") + ":"
        let lines = diagnostics.rendered.split(separator: "\n").map { $0.dropFirst(prefix.count) }.sorted {
            ($0.split(separator: ":").first.flatMap { Int($0) } ?? 0)
                < ($1.split(separator: ":").first.flatMap { Int($0) } ?? 0)
        }
        #expect(
            lines.joined(separator: "\n") == """
                1:1: error: reciever: unknown key `reciever`; did you mean `receivers`?
                4:3: error: receivers.otlp-http: `otlp-http` is no component type; expected a letter, then letters, digits or underscores, at most 63
                5:3: error: receivers. otlp: the receiver `otlp` is defined already at \(prefix)3:3
                6:13: error: processors: expected a map, found a list
                7:14: error: connectors.forward: the connector is used as a receiver but not as an exporter; it must be both, in different pipelines
                7:25: error: connectors.debug: the connector is used as an exporter but not as a receiver; it must be both, in different pipelines
                12:3: error: service.pipeline: unknown key `pipeline`; did you mean `pipelines`?
                13:16: error: service.extensions[0]: `health` is not defined under `extensions`
                16:34: error: service.pipelines.traces.receivers[2]: `1x` is no component type; expected a letter, then letters, digits or underscores, at most 63
                16:19: error: service.pipelines.traces.receivers[0]: `otpl` is not defined under `receivers`; did you mean `otlp`?
                17:20: error: service.pipelines.traces.processors[0]: `debug` is defined under `connectors`; expected one of `processors`
                18:58: error: service.pipelines.traces.exporters[4]: expected the id of a component, found a map
                18:19: error: service.pipelines.traces.exporters[0]: `otlp_htp` is not defined under `exporters`; did you mean `otlp_http`?
                18:51: error: service.pipelines.traces.exporters[3]: `debug` is defined under `exporters` and under `connectors`; name one of them otherwise
                18:40: warning: service.pipelines.traces.exporters[2]: `otlp_http` is named twice in `exporters`
                19:5: error: service.pipelines.trace: `trace` is no signal this collector knows; did you mean `traces`?
                20:5: error: service.pipelines.metrics: the pipeline has no receivers; expected at least one in `receivers`
                20:5: error: service.pipelines.metrics: the pipeline has no exporters; expected at least one in `exporters`
                21:5: error: service.pipelines.metrics/: the id `metrics/` ends in a slash; expected a name after it, or no slash
                22:38: error: service.pipelines.logs.exporters: expected a list, found `text`
                22:44: error: service.pipelines.logs.exporter: unknown key `exporter`; did you mean `exporters`?
                22:5: error: service.pipelines.logs: the pipeline has no receivers; expected at least one in `receivers`
                """)
    }

    @Test(
        "What is missing altogether is reported",
        arguments: [
            "receivers: {}", "service:", "service: {pipelines: }", "",
        ])
    func missing(yaml: String) {
        let (_, diagnostics) = ConfigLoader.load(sources: ["yaml:" + yaml], environment: ConfigEnvironment([:]))
        #expect(
            diagnostics.errors.map(\.message) == [
                "must define at least one pipeline, for example `traces: {receivers: [otlp], exporters: [debug]}`"
            ])
    }

    @Test("A processor twice in one pipeline, and a pipeline defined twice, are mistakes")
    func repetition() {
        let (_, diagnostics) = ConfigLoader.load(
            sources: [
                "yaml:" + """
                    receivers: {otlp: }
                    processors: {batch: }
                    exporters: {debug: }
                    service:
                      pipelines:
                        traces/a: {receivers: [otlp], processors: [batch, batch], exporters: [debug]}
                        traces/ a: {receivers: [otlp], exporters: [debug]}
                    """
            ], environment: ConfigEnvironment([:]))
        #expect(
            diagnostics.rendered == """
                yaml:6:55: error: service.pipelines.traces/a.processors[1]: `batch` is named twice in `processors`
                yaml:7:5: error: service.pipelines.traces/ a: the pipeline `traces/a` is defined already at yaml:6:5
                """)
    }

    @Test("What is defined and not used is noted")
    func unused() {
        let (_, diagnostics) = ConfigLoader.load(
            sources: ["yaml:" + smallConfig + "extensions: {health_check: }\nprocessors: {batch: }"],
            environment: ConfigEnvironment([:]))
        #expect(
            diagnostics.rendered == """
                yaml:5:14: note: processors.batch: defined, but no pipeline uses it; it will not run
                yaml:4:14: note: extensions.health_check: defined, but `service.extensions` does not name it; it will not run
                """)
    }

    @Test("A type no factory knows is reported with the nearest known one")
    func unknownType() throws {
        let (loaded, diagnostics) = ConfigLoader.load(
            sources: ["yaml:" + smallConfig], environment: ConfigEnvironment([:]))
        let component = try #require(loaded?.components(in: .exporters).first)
        CollectorConfig.reportUnknownType(of: component, known: ["debug_log", "nop", "debgu"], in: diagnostics)
        #expect(
            diagnostics.rendered
                == "yaml:2:13: error: exporters.debug: there is no exporter of type `debug` here; did you mean `debgu`?"
        )
    }
}

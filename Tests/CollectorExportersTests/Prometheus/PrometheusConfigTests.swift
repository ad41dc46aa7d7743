import CollectorTestKit
import Testing

@testable import CollectorExporters

@Suite("prometheus, configuration")
struct PrometheusConfigTests {
    @Test("defaults are those of the OpenTelemetry Collector")
    func defaults() {
        let (config, problems) = PrometheusFactory().read(["endpoint": "localhost:8889"])
        #expect(problems.isEmpty)
        #expect(config.endpoint == "localhost:8889")
        #expect(config.expirations.standard == .seconds(300))
        #expect(!config.enablesOpenMetrics && !config.sendsTimestamps && !config.withoutScopeInfo)
        #expect(config.translationStrategy == .underscoreEscapingWithSuffixes)
    }

    @Test("all keys are read")
    func keys() {
        let (config, problems) = PrometheusFactory().read([
            "endpoint": "0.0.0.0:8889", "namespace": "app", "const_labels": ["a": "b"], "send_timestamps": true,
            "metric_expiration": "0",
            "resource_to_telemetry_conversion": ["enabled": true, "exclude_service_attributes": true],
            "enable_open_metrics": true, "without_scope_info": true, "translation_strategy": "NoTranslation",
            "exemplar_max_age": "1m", "created_timestamps": true, "read_header_timeout": "3s",
            "response_headers": ["x": "y"],
        ])
        #expect(problems.isEmpty)
        #expect(config.expirations.standard == nil, "zero means never")
        #expect(config.constantLabels.map(\.name) == ["a"])
        #expect(config.resourceToTelemetry.isEnabled && config.resourceToTelemetry.excludesServiceAttributes)
        #expect(config.translationStrategy == .noTranslation)
        #expect(config.exemplarMaxAge == .seconds(60))
        #expect(config.showsCreatedTimestamps && config.enablesOpenMetrics && config.sendsTimestamps)
    }

    @Test("the deprecated suffix switch chooses a strategy unless one is set")
    func suffixes() {
        let factory = PrometheusFactory()
        #expect(
            factory.read(["endpoint": "x:1", "add_metric_suffixes": false]).config.translationStrategy
                == .underscoreEscapingWithoutSuffixes)
        let both = factory.read([
            "endpoint": "x:1", "add_metric_suffixes": false, "translation_strategy": "NoTranslation",
        ])
        #expect(both.config.translationStrategy == .noTranslation)
    }

    @Test("mistakes are named")
    func mistakes() {
        let problems = PrometheusFactory().read([
            "namespce": "x", "translation_strategy": "None", "tls": ["cert_file": "a"],
        ]).problems
        #expect(problems.count == 4)
        #expect(problems.contains { $0.contains("must be set") })
        #expect(problems.contains { $0.contains("did you mean") || $0.contains("namespace") })
        let nameless = PrometheusFactory().read(["endpoint": "x:1", "const_labels": ["": "a"]]).problems
        #expect(nameless.count == 1 && nameless[0].contains("a label without a name"))
    }

    @Test("what the endpoint does not have may be switched off as in the OpenTelemetry Collector")
    func switchedOff() {
        let factory = PrometheusFactory()
        for key in ["tls", "auth", "cors"] {
            for nothing: TestConfig in [.null, [:]] {
                #expect(factory.read(["endpoint": "x:1", key: nothing]).problems.isEmpty, "\(key)")
            }
            #expect(factory.read(["endpoint": "x:1", key: ["a": "b"]]).problems.count == 1, "\(key)")
        }
        #expect(factory.read(["endpoint": "x:1", "sending_queue": ["enabled": false]]).problems.isEmpty)
        for queue: TestConfig in [["enabled": true], ["queue_size": 5], "x"] {
            let problems = factory.read(["endpoint": "x:1", "sending_queue": queue]).problems
            #expect(problems.count == 1 && problems[0].contains("sends nothing"))
        }
    }
}

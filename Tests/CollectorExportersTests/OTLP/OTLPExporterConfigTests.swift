import CollectorCore
import CollectorTestKit
import CollectorTransport
import Testing

@testable import CollectorExporters

@Suite struct OTLPExporterConfigTests {
    @Test func `otlp_http has the OpenTelemetry Collector's defaults`() {
        let (config, problems) = OTLPHTTPExporterFactory().read(["endpoint": "http://backend:4318"])
        #expect(problems == [])
        #expect(config.endpoints[.traces]?.path == "/v1/traces")
        #expect(config.endpoints[.metrics]?.path == "/v1/metrics")
        #expect(config.endpoints[.logs]?.path == "/v1/logs")
        #expect(config.timeout == .seconds(30))
        #expect(config.headers.isEmpty)
        #expect(config.tls == ClientTLSSettings())
        let sending = config.sending
        #expect(sending.compression == .gzip)
        #expect(sending.queue.isEnabled && sending.queue.size == 1000 && sending.queue.consumers == 10)
        #expect(sending.queue.sizer == .requests && !sending.queue.blocksOnOverflow && !sending.queue.waitsForResult)
        #expect(sending.retry.isEnabled && sending.retry.initialInterval == .seconds(5))
        #expect(sending.retry.maximumInterval == .seconds(30) && sending.retry.maximumElapsed == .seconds(300))
        #expect(sending.retry.multiplier == 1.5 && sending.retry.randomizationFactor == 0.5)
    }

    @Test func `every key of otlp_http is read`() {
        let (config, problems) = OTLPHTTPExporterFactory().read([
            "endpoint": "https://backend", "traces_endpoint": "http://traces:1/in", "timeout": "7s",
            "headers": ["x-key": "v"], "compression": "none", "compression_params": ["level": 6],
            "max_conns_per_host": 4, "idle_conn_timeout": "11s", "encoding": "proto",
            "tls": [
                "insecure": true, "insecure_skip_verify": true, "ca_file": "ca", "cert_file": "cert", "key_file": "key",
                "server_name_override": "name", "min_version": "1.3", "max_version": "1.3",
                "include_system_ca_certs_pool": true,
            ],
            "sending_queue": [
                "enabled": false, "num_consumers": 3, "queue_size": 5, "sizer": "bytes", "block_on_overflow": true,
                "wait_for_result": true,
            ],
            "retry_on_failure": [
                "enabled": false, "initial_interval": "1s", "max_interval": "2s", "max_elapsed_time": "0",
                "multiplier": 2, "randomization_factor": 0,
            ],
            "read_buffer_size": 1, "write_buffer_size": 1, "max_idle_conns": 1, "max_idle_conns_per_host": 1,
            "http2_read_idle_timeout": "1s", "http2_ping_timeout": "1s", "force_attempt_http2": true,
        ])
        #expect(problems == [])
        #expect(config.endpoints[.traces]?.path == "/in" && config.endpoints[.traces]?.port == 1)
        #expect(config.endpoints[.logs]?.path == "/v1/logs" && config.endpoints[.logs]?.usesTLS == true)
        #expect(config.timeout == .seconds(7))
        #expect(config.headers.map(\.name) == ["x-key"] && config.headers.map(\.value) == ["v"])
        #expect(config.client.maxConnections == 4 && config.client.idleTimeout == .seconds(11))
        var tls = ClientTLSSettings()
        (tls.insecure, tls.insecureSkipVerify, tls.includeSystemCACertsPool) = (true, true, true)
        (tls.caFile, tls.certFile, tls.keyFile, tls.serverNameOverride) = ("ca", "cert", "key", "name")
        (tls.minVersion, tls.maxVersion) = (.tls13, .tls13)
        #expect(config.tls == tls)
        let sending = config.sending
        #expect(sending.compression == .none && sending.compressionLevel == 6)
        #expect(!sending.queue.isEnabled && sending.queue.consumers == 3 && sending.queue.size == 5)
        #expect(sending.queue.sizer == .bytes && sending.queue.blocksOnOverflow && sending.queue.waitsForResult)
        #expect(!sending.retry.isEnabled && sending.retry.initialInterval == .seconds(1))
        #expect(sending.retry.maximumInterval == .seconds(2) && sending.retry.maximumElapsed == .zero)
        #expect(sending.retry.multiplier == 2 && sending.retry.randomizationFactor == 0)
    }

    @Test func `otlp_grpc has the OpenTelemetry Collector's defaults and its own keys`() {
        let factory = OTLPGRPCExporterFactory()
        #expect(factory.aliases == ["otlp"])
        let plain = factory.read(["endpoint": "backend:4317"])
        #expect(plain.problems == [])
        #expect(plain.config.timeout == .seconds(5) && !plain.config.waitsForReady)
        #expect(plain.config.client.keepalive == nil)
        let (config, problems) = factory.read([
            "endpoint": "http://backend:4317", "wait_for_ready": true, "timeout": "1s", "headers": ["a": "b"],
            "keepalive": ["time": "30s", "timeout": "3s", "permit_without_stream": true],
            "balancer_name": "round_robin",
            "read_buffer_size": 1, "write_buffer_size": 1,
        ])
        #expect(problems == [])
        #expect(config.waitsForReady && config.endpoint?.usesTLS == false)
        #expect(config.client.keepalive?.time == .seconds(30) && config.client.keepalive?.timeout == .seconds(3))
        #expect(config.client.keepalive?.permitWithoutStream == true)
    }

    @Test(
        arguments: [
            ([:], "endpoint", "is missing"),
            (["endpoint": "backend:4318"], "endpoint", "http"),
            (["endpoint": "http://b", "compression": "zstd"], "compression", "expected gzip or none"),
            (["endpoint": "http://b", "encoding": "json"], "encoding", "proto"),
            (
                ["endpoint": "http://b", "sending_queu": ["enabled": true]], "sending_queu",
                "did you mean `sending_queue`"
            ),
            (["endpoint": "http://b", "sending_queue": ["queue_siz": 5]], "queue_siz", "did you mean `queue_size`"),
            (["endpoint": "http://b", "sending_queue": ["sizer": "item"]], "sizer", "items"),
            (["endpoint": "http://b", "sending_queue": ["storage": "file_storage"]], "storage", "in memory"),
            (["endpoint": "http://b", "retry_on_failure": ["multiplier": 0.5]], "multiplier", "1"),
            (["endpoint": "http://b", "timeout": "fast"], "timeout", "fast"),
            (["endpoint": "http://b", "auth": ["authenticator": "x"]], "auth", "headers"),
            (["endpoint": "http://b", "tls": ["min_version": "1.4"]], "min_version", "1.3"),
            (["endpoint": "http://b", "compression_params": ["level": 10]], "level", "9"),
        ] as [(TestConfig, String, String)])
    func `a mistake names the key and what would be right`(
        _ section: TestConfig, _ key: String, _ hint: String
    ) throws {
        let diagnostics = Diagnostics()
        _ = OTLPHTTPExporterFactory().readConfig(ConfigReader(.test(section), diagnostics))
        #expect(diagnostics.errors.count == 1)
        let mistake = try #require(diagnostics.errors.first)
        #expect("\(mistake.path)".contains(key) || mistake.message.contains("`\(key)`"), "\(mistake)")
        #expect(mistake.message.contains(hint), "\(mistake)")
    }

    @Test func `header values are secrets`() {
        let diagnostics = Diagnostics()
        _ = OTLPHTTPExporterFactory().readConfig(
            ConfigReader(.test(["endpoint": "http://b", "headers": ["api-key": "s3cret"]]), diagnostics))
        #expect(diagnostics.secrets.contains { "\($0)".contains("api-key") })
    }

    @Test func `a signal without an endpoint cannot be exported and the error says which key is missing`() {
        let factory = OTLPHTTPExporterFactory()
        let (config, problems) = factory.read(["traces_endpoint": "http://b/v1/traces"])
        #expect(problems == [])
        let context = TestContext().context(ComponentID(type: "otlp_http"))
        let error = #expect(throws: ComponentError.self) { try factory.make(config, context, signal: .logs) }
        #expect(error?.description.contains("`logs_endpoint`") == true)
    }
}

import CollectorCore
import CollectorTestKit
import Testing

@testable import CollectorReceivers

@Suite struct OTLPReceiverConfigTests {
    @Test func `protocols that are named without settings have the OpenTelemetry Collector's defaults`() {
        let (config, problems) = OTLPReceiverFactory().read(["protocols": ["grpc": nil, "http": nil]])
        #expect(problems == [])
        #expect(config.http?.endpoint == "localhost:4318" && config.grpc?.endpoint == "localhost:4317")
        #expect(config.http?.paths == [.traces: "/v1/traces", .metrics: "/v1/metrics", .logs: "/v1/logs"])
        #expect(config.http?.maximumBodyBytes == 64 << 20 && config.grpc?.maximumMessageBytes == 64 << 20)
    }

    @Test func `a protocol that is not named is not served`() {
        #expect(OTLPReceiverFactory().read(["protocols": ["grpc": nil]]).config.http == nil)
        #expect(OTLPReceiverFactory().read(["protocols": ["http": nil]]).config.grpc == nil)
    }

    @Test func `every key is read`() {
        let (config, problems) = OTLPReceiverFactory().read([
            "protocols": [
                "http": [
                    "endpoint": "0.0.0.0:1", "traces_url_path": "/t", "metrics_url_path": "/m", "logs_url_path": "/l",
                    "max_request_body_size": 7, "read_header_timeout": "1s", "read_timeout": "2s", "idle_timeout": "3s",
                    "write_timeout": "4s", "include_metadata": true,
                ],
                "grpc": [
                    "endpoint": "[::1]:2", "transport": "tcp", "max_recv_msg_size_mib": 3, "max_concurrent_streams": 5,
                    "read_buffer_size": 1, "write_buffer_size": 1, "include_metadata": false,
                    "keepalive": ["server_parameters": ["time": "1s"]],
                ],
            ]
        ])
        #expect(problems == [])
        #expect(config.http?.endpoint == "0.0.0.0:1" && config.http?.maximumBodyBytes == 7)
        #expect(config.http?.paths == [.traces: "/t", .metrics: "/m", .logs: "/l"])
        #expect(config.http?.server.headerTimeout == .seconds(1) && config.http?.server.bodyTimeout == .seconds(2))
        #expect(config.http?.server.idleTimeout == .seconds(3))
        #expect(config.grpc?.endpoint == "[::1]:2" && config.grpc?.maximumMessageBytes == 3 << 20)
        #expect(config.grpc?.server.maxConcurrentStreams == 5)
    }

    @Test(
        arguments: [
            ([:], "names no protocol"), (["protocols": [:]], "names no protocol"),
            (["protocols": ["htp": nil, "grpc": nil]], "did you mean `http`"),
            (["protocols": ["http": ["endpoint": "localhost"]]], "no port"),
            (["protocols": ["http": ["traces_url_path": "v1"]]], "must begin with `/`"),
            (["protocols": ["http": ["max_request_body_size": 0]]], "1"),
            (["protocols": ["http": ["tls": ["cert_file": "x"]]]], "not supported"),
            (["protocols": ["http": ["cors": ["allowed_origins": ["*"]]]]], "not supported"),
            (["protocols": ["grpc": ["transport": "unix"]]], "expected tcp"),
            (["protocols": ["grpc": ["max_recv_msg_size": 4]]], "did you mean `max_recv_msg_size_mib`"),
        ] as [(TestConfig, String)])
    func `mistakes say what would be right`(_ section: TestConfig, _ hint: String) {
        let problems = OTLPReceiverFactory().read(section).problems
        #expect(problems.count == 1)
        #expect(problems.first?.contains(hint) == true, "\(problems)")
    }
}

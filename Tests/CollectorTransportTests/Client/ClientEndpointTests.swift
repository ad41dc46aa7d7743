import CollectorTransport
import Testing

@Suite("OTLP endpoints (conformance 91)")
struct ClientEndpointTests {
    @Test(
        "a base endpoint and the signal's path are joined by exactly one slash",
        arguments: [
            ("http://localhost:4318", "http://localhost:4318/v1/traces"),
            ("http://localhost:4318/", "http://localhost:4318/v1/traces"),
            ("http://localhost:4318/otlp", "http://localhost:4318/otlp/v1/traces"),
            ("http://localhost:4318/otlp/", "http://localhost:4318/otlp/v1/traces"),
            ("https://otlp.example.com/a?token=b", "https://otlp.example.com/a/v1/traces?token=b"),
        ])
    func joins(base: String, expected: String) throws {
        let endpoint = try OTLPEndpoint.http(base).appending(signalPath: "v1/traces")
        #expect(endpoint.description == expected)
        let direct = try OTLPEndpoint.http(expected)
        #expect(endpoint == direct)
    }

    struct Parsed: Sendable {
        let text: String
        let host: String
        let port: Int
        let usesTLS: Bool?
        var target = "/"
        let authority: String
    }

    @Test(
        "an HTTP URL is used as it is, with the scheme's port and / where it names none",
        arguments: [
            Parsed(text: "http://collector", host: "collector", port: 80, usesTLS: false, authority: "collector"),
            Parsed(text: "HTTPS://collector", host: "collector", port: 443, usesTLS: true, authority: "collector"),
            Parsed(
                text: "http://collector:443/", host: "collector", port: 443, usesTLS: false,
                authority: "collector:443"),
            Parsed(
                text: "http://[::1]:4318/x/y?z=1#part", host: "::1", port: 4318, usesTLS: false, target: "/x/y?z=1",
                authority: "[::1]:4318"),
            Parsed(text: "http://h?q", host: "h", port: 80, usesTLS: false, target: "/?q", authority: "h"),
            Parsed(
                text: "https://h:4318/v1/traces", host: "h", port: 4318, usesTLS: true, target: "/v1/traces",
                authority: "h:4318"),
        ])
    func http(_ expected: Parsed) throws {
        let endpoint = try OTLPEndpoint.http(expected.text)
        expect(endpoint, is: expected)
        #expect(endpoint.requestTarget == expected.target)
    }

    @Test(
        "a gRPC endpoint is host:port, a URL whose scheme decides about TLS, or a resolver's target",
        arguments: [
            Parsed(text: "collector:4317", host: "collector", port: 4317, usesTLS: nil, authority: "collector:4317"),
            Parsed(text: "[::1]:4317", host: "::1", port: 4317, usesTLS: nil, authority: "[::1]:4317"),
            Parsed(text: "http://h:4317", host: "h", port: 4317, usesTLS: false, authority: "h:4317"),
            Parsed(text: "https://h/", host: "h", port: 443, usesTLS: true, authority: "h"),
            Parsed(text: "dns:///h:4317", host: "h", port: 4317, usesTLS: nil, authority: "h:4317"),
            Parsed(text: "dns:h:4317", host: "h", port: 4317, usesTLS: nil, authority: "h:4317"),
            Parsed(
                text: "passthrough:///10.0.0.1:4317", host: "10.0.0.1", port: 4317, usesTLS: nil,
                authority: "10.0.0.1:4317"),
        ])
    func grpc(_ expected: Parsed) throws {
        expect(try OTLPEndpoint.grpc(expected.text), is: expected)
    }

    private func expect(_ endpoint: OTLPEndpoint, is expected: Parsed) {
        #expect(endpoint.host == expected.host)
        #expect(endpoint.port == expected.port)
        #expect(endpoint.usesTLS == expected.usesTLS)
        #expect(endpoint.authority == expected.authority)
    }

    @Test(
        "an HTTP endpoint that cannot be used is refused with what is wrong",
        arguments: [
            ("", "empty"), ("localhost:4318", "scheme is missing"), ("ftp://h", "\"ftp\" is not http or https"),
            ("http://", "host is missing"), ("http://:4318", "host is missing"), ("http://h:0", "\"0\" is not a port"),
            ("http://h:65536", "\"65536\" is not a port"), ("http://h:", "is not a port"),
            ("http://h:+80", "is not a port"),
            ("http://::1/", "needs brackets"), ("http://[::1", "without \"]\""), ("http://[::1]x", "after the host"),
            ("http://[h]", "brackets are for IPv6"), ("http://u:p@h/", "user names and passwords"),
            ("http://h/a b", "percent-encoded"), ("http://h/\r\nX: y", "percent-encoded"),
            ("http://h!", "not a host name"),
            ("http://h/é", "percent-encoded"),
        ])
    func refusesHTTP(text: String, problem: String) {
        let error = #expect(throws: EndpointError.self) { try OTLPEndpoint.http(text) }
        #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("\"\(text)\"") == true)
        #expect(error?.description.contains("http://localhost:4318") == true)
    }

    @Test(
        "a gRPC endpoint that cannot be used is refused with what is wrong",
        arguments: [
            ("", "empty"), ("collector", "port is missing"), ("h:4317/v1", "no path"), ("http://h:4317/v1", "no path"),
            ("unix:///tmp/s", "not http, https"), ("unix:/tmp/s", "unix sockets"), ("ftp://h:1", "\"ftp\""),
            ("dns://8.8.8.8/h:4317", "DNS server"), ("dns://h", "name is missing"), ("::1:4317", "needs brackets"),
        ])
    func refusesGRPC(text: String, problem: String) {
        let error = #expect(throws: EndpointError.self) { try OTLPEndpoint.grpc(text) }
        #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("localhost:4317") == true)
    }
}

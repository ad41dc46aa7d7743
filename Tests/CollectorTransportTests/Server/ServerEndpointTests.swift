import CollectorTransport
import Testing

@Suite struct ServerEndpointTests {
    @Test(arguments: [
        ("localhost:4318", "localhost", 4318), ("0.0.0.0:0", "0.0.0.0", 0), ("[::1]:65535", "::1", 65535),
        (":4317", "", 4317), ("collector.example:80", "collector.example", 80),
    ]) func `every usual form is read`(text: String, host: String, port: Int) throws {
        let endpoint = try Endpoint(text)
        #expect(endpoint.host == host)
        #expect(endpoint.port == port)
    }

    @Test(arguments: [
        "localhost", "", "localhost:", "localhost:http", "localhost:65536", "localhost:-1", "::1:4318", "h:+1",
    ])
    func `a malformed endpoint says what is wrong`(text: String) {
        #expect(throws: Endpoint.Malformed.self) { try Endpoint(text) }
    }
}

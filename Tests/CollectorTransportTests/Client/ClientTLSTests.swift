import CollectorCore
import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import CollectorTransport

@Suite("TLS of clients")
struct ClientTLSTests {
    private static func trusting(_ change: (inout ClientTLSSettings) -> Void = { _ in }) -> ClientTLSSettings {
        var settings = ClientTLSSettings()
        settings.caPEM = TestCertificates.authority
        change(&settings)
        return settings
    }

    static func serverContext(
        _ certificate: String, key: String, requiresClient: Bool = false, applicationProtocols: [String] = []
    ) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)).map {
            NIOSSLCertificateSource.certificate($0)
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))
        )
        configuration.applicationProtocols = applicationProtocols
        if requiresClient {
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .certificates(
                try NIOSSLCertificate.fromPEMBytes(Array(TestCertificates.authority.utf8)))
        }
        return try NIOSSLContext(configuration: configuration)
    }

    private func send(_ settings: ClientTLSSettings, context: NIOSSLContext) async throws -> Result<Int, DeliveryError>
    {
        let server = try await ScriptedHTTPServer(tls: context) { _ in [.answer()] }
        let endpoint = try OTLPEndpoint.http("https://127.0.0.1:\(server.port)")
        let client = HTTPClient(
            endpoint: endpoint, tls: try ClientTLS(settings, host: endpoint.host, applicationProtocols: ["http/1.1"]),
            group: .singleton)
        let request = OutgoingRequest(
            head: try RequestHead(endpoint: endpoint, headers: []), body: [ByteBuffer(string: "x")],
            timeout: .seconds(20))
        let result: Result<Int, DeliveryError>
        do {
            result = .success(try await client.send(request).get().status)
        } catch let error as DeliveryError {
            result = .failure(error)
        }
        try await client.shutDown().get()
        return result
    }

    private func expectFailure(_ result: Result<Int, DeliveryError>, _ words: String) {
        guard case .failure(let error) = result else {
            Issue.record("the handshake succeeded")
            return
        }
        #expect(error.isRetryable)
        #expect(error.code == .unavailable)
        #expect(error.message.contains("TLS handshake failed"), "\(error.message)")
        #expect(error.message.lowercased().contains(words), "\(error.message)")
    }

    @Test("a certificate for the endpoint's address, signed by the CA given, is trusted")
    func address() async throws {
        let context = try Self.serverContext(TestCertificates.addressed, key: TestCertificates.addressedKey)
        #expect(try await send(Self.trusting(), context: context).isSuccess)
    }

    @Test("server_name_override is what the certificate must be for")
    func nameOverride() async throws {
        let context = try Self.serverContext(TestCertificates.named, key: TestCertificates.namedKey)
        #expect(try await send(Self.trusting { $0.serverNameOverride = "collector.test" }, context: context).isSuccess)
        expectFailure(
            try await send(Self.trusting { $0.serverNameOverride = "other.test" }, context: context), "hostname")
        expectFailure(try await send(Self.trusting(), context: context), "hostname")
    }

    @Test("a certificate of an unknown CA is refused, unless insecure_skip_verify says otherwise")
    func unknownAuthority() async throws {
        let context = try Self.serverContext(TestCertificates.addressed, key: TestCertificates.addressedKey)
        expectFailure(try await send(ClientTLSSettings(), context: context), "certificate verify failed")
        var settings = ClientTLSSettings()
        settings.insecureSkipVerify = true
        #expect(try await send(settings, context: context).isSuccess)
    }

    @Test("a server that asks for a client certificate gets the configured one")
    func clientCertificate() async throws {
        let context = try Self.serverContext(
            TestCertificates.addressed, key: TestCertificates.addressedKey, requiresClient: true)
        let settings = Self.trusting {
            $0.certPEM = TestCertificates.client
            $0.keyPEM = TestCertificates.clientKey
        }
        #expect(try await send(settings, context: context).isSuccess)
        guard case .failure(let error) = try await send(Self.trusting(), context: context) else {
            Issue.record("no certificate was asked for")
            return
        }
        #expect(error.isRetryable)
    }

    @Test("a server without TLS fails the handshake")
    func plainServer() async throws {
        let server = try await ScriptedHTTPServer { _ in [.answer()] }
        let endpoint = try OTLPEndpoint.http("https://127.0.0.1:\(server.port)")
        let client = HTTPClient(
            endpoint: endpoint, tls: try ClientTLS(Self.trusting(), host: endpoint.host, applicationProtocols: []),
            group: .singleton)
        let request = OutgoingRequest(
            head: try RequestHead(endpoint: endpoint, headers: []), body: [], timeout: .milliseconds(200))
        let error = await #expect(throws: DeliveryError.self) { try await client.send(request).get() }
        #expect(error?.isRetryable == true)
        try await client.shutDown().get()
    }

    @Test("settings from files work like those from text")
    func files() async throws {
        let ca = try TemporaryFile(TestCertificates.authority)
        let cert = try TemporaryFile(TestCertificates.client)
        let key = try TemporaryFile(TestCertificates.clientKey)
        var settings = ClientTLSSettings()
        settings.caFile = ca.path
        settings.certFile = cert.path
        settings.keyFile = key.path
        let context = try Self.serverContext(
            TestCertificates.addressed, key: TestCertificates.addressedKey, requiresClient: true)
        #expect(try await send(settings, context: context).isSuccess)
    }

    @Test(
        "the scheme decides about TLS, and where there is none the settings do",
        arguments: [
            ("http://h:1", false, false), ("https://h:1", true, true), ("h:1", false, true), ("h:1", true, false),
        ])
    func whether(text: String, insecure: Bool, usesTLS: Bool) throws {
        var settings = ClientTLSSettings()
        settings.insecure = insecure
        #expect(try (OTLPEndpoint.grpc(text).tls(settings, applicationProtocols: ["h2"]) != nil) == usesTLS)
    }

    @Test("settings that cannot be used say which, and why")
    func mistakes() throws {
        func problem(_ change: (inout ClientTLSSettings) -> Void) -> String? {
            var settings = ClientTLSSettings()
            change(&settings)
            do {
                _ = try ClientTLS(settings, host: "h", applicationProtocols: [])
                return nil
            } catch {
                return error.description
            }
        }
        let notPEM = try TemporaryFile("hello")
        let path = notPEM.path
        #expect(problem { _ in } == nil)
        #expect(
            problem { $0.caFile = "/nowhere/ca.pem" }
                == "tls ca_file /nowhere/ca.pem: cannot be read: No such file or directory")
        #expect(problem { $0.caFile = path } == "tls ca_file \(path): holds no certificate in PEM form")
        #expect(problem { $0.certFile = path } == "tls cert_file \(path): is of no use without key_file or key_pem")
        #expect(problem { $0.keyPEM = "x" } == "tls key_pem: is of no use without cert_file or cert_pem")
        #expect(
            problem {
                $0.certPEM = TestCertificates.client
                $0.keyFile = path
            } == "tls key_file \(path): holds no unencrypted private key in PEM form")
        #expect(
            problem {
                $0.caFile = path
                $0.caPEM = "x"
            } == "tls ca_file: and ca_pem are both set; one of them is right")
        #expect(
            problem {
                $0.minVersion = .tls13
                $0.maxVersion = .tls12
            } == "tls max_version: 1.2 is below min_version 1.3")
        #expect(problem { $0.serverNameOverride = "" }?.hasPrefix("tls server name \"\"") == true)
        #expect(
            problem {
                $0.certPEM = TestCertificates.client
                $0.keyPEM = TestCertificates.namedKey
            }?.hasPrefix("tls settings: cannot be used together") == true)
    }
}

extension Result {
    fileprivate var isSuccess: Bool { (try? get()) != nil }
}

/// A file that exists as long as this object.
private final class TemporaryFile {
    let path: String

    init(_ content: String) throws {
        var template = Array("/tmp/needletail-test-XXXXXX\0".utf8CString.dropLast())
        template[template.count - 1] = 0
        // unsafe: mkstemp writes the name into the template's own bytes.
        let descriptor = unsafe mkstemp(&template)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let bytes = Array(content.utf8)
        // unsafe: write reads the array's own bytes.
        try #require(unsafe write(descriptor, bytes, bytes.count) == bytes.count)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        // unsafe: unlink takes the path as a C string.
        _ = unsafe unlink(path)
    }
}

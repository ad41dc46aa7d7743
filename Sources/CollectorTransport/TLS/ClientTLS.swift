import NIOCore
import NIOSSL

/// What a client needs to open TLS connections to one host; made once at start, so that mistakes show there.
package struct ClientTLS: Sendable {
    let context: NIOSSLContext
    /// The name for SNI and for the certificate check; nil for an address, which is checked as an address.
    let serverName: String?

    /// - Parameters:
    ///   - host: where the connections go.
    ///   - applicationProtocols: what to offer by ALPN.
    package init(
        _ settings: ClientTLSSettings, host: String, applicationProtocols: [String]
    ) throws(ClientTLSError) {
        var configuration = try settings.configuration()
        configuration.applicationProtocols = applicationProtocols
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw ClientTLSError(
                setting: "settings", problem: "cannot be used together: \(TransportFailure.describe(error))")
        }
        let name = settings.serverNameOverride ?? host
        // SNI carries names only (RFC 6066, 3).
        serverName = (try? SocketAddress(ipAddress: name, port: 0)) == nil ? name : nil
        do {
            _ = try makeHandler()
        } catch {
            throw ClientTLSError(setting: "server name \"\(name)\"", problem: "is not a name TLS can ask for")
        }
    }

    func makeHandler() throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: context, serverHostname: serverName)
    }
}

extension OTLPEndpoint {
    /// TLS for connections to this endpoint, nil when they go in the clear: the scheme decides, and where there is none
    /// the settings do.
    package func tls(
        _ settings: ClientTLSSettings, applicationProtocols: [String]
    ) throws(ClientTLSError) -> ClientTLS? {
        guard usesTLS ?? !settings.insecure else { return nil }
        return try ClientTLS(settings, host: host, applicationProtocols: applicationProtocols)
    }
}

extension ClientTLSSettings {
    fileprivate func configuration() throws(ClientTLSError) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        // Some peers, grpcio among them, never answer a close_notify: shutting down should not wait long for it.
        configuration.shutdownTimeout = .milliseconds(200)
        configuration.minimumTLSVersion = minVersion.nio
        configuration.maximumTLSVersion = maxVersion?.nio
        if let maxVersion, maxVersion.rawValue < minVersion.rawValue {
            throw ClientTLSError(
                setting: "max_version", problem: "\(maxVersion.rawValue) is below min_version \(minVersion.rawValue)")
        }
        if insecureSkipVerify { configuration.certificateVerification = .none }
        if let ca = try PEMSource(file: caFile, text: caPEM, settings: ("ca_file", "ca_pem")) {
            let roots = try ca.certificates()
            if includeSystemCACertsPool {
                configuration.additionalTrustRoots = [.certificates(roots)]
            } else {
                configuration.trustRoots = .certificates(roots)
            }
        }
        let certificate = try PEMSource(file: certFile, text: certPEM, settings: ("cert_file", "cert_pem"))
        let key = try PEMSource(file: keyFile, text: keyPEM, settings: ("key_file", "key_pem"))
        switch (certificate, key) {
        case (let certificate?, let key?):
            configuration.certificateChain = try certificate.certificates().map { .certificate($0) }
            configuration.privateKey = .privateKey(try key.privateKey())
        case (let certificate?, nil):
            throw ClientTLSError(setting: certificate.setting, problem: "is of no use without key_file or key_pem")
        case (nil, let key?):
            throw ClientTLSError(setting: key.setting, problem: "is of no use without cert_file or cert_pem")
        case (nil, nil): break
        }
        return configuration
    }
}

extension ClientTLSSettings.Version {
    fileprivate var nio: TLSVersion {
        switch self {
        case .tls10: .tlsv1
        case .tls11: .tlsv11
        case .tls12: .tlsv12
        case .tls13: .tlsv13
        }
    }
}

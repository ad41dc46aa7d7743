/// The `tls` block of a client, with the OpenTelemetry Collector's keys and defaults.
package struct ClientTLSSettings: Sendable, Equatable {
    package enum Version: String, Sendable, CaseIterable {
        case tls10 = "1.0"
        case tls11 = "1.1"
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    /// No TLS at all; what the endpoint's scheme says counts more.
    package var insecure = false
    /// TLS without checking who answers.
    package var insecureSkipVerify = false
    /// PEM file or PEM text of the certificates to trust instead of the system's.
    package var caFile: String?
    package var caPEM: String?
    /// Trust the system's certificates also when `caFile` or `caPEM` is given.
    package var includeSystemCACertsPool = false
    /// PEM file or PEM text of the client's own certificate (with its chain) and key.
    package var certFile: String?
    package var certPEM: String?
    package var keyFile: String?
    package var keyPEM: String?
    /// The name to ask for and to check instead of the endpoint's host.
    package var serverNameOverride: String?
    package var minVersion = Version.tls12
    /// Nil for the newest there is.
    package var maxVersion: Version?

    package init() {}
}

/// TLS settings that cannot be used; names the setting, the file and the cause.
package struct ClientTLSError: Error, Equatable, CustomStringConvertible {
    package let setting: String
    package let problem: String

    package var description: String { "tls \(setting): \(problem)" }
}

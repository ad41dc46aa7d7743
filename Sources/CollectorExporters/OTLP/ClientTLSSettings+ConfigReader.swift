import CollectorCore
import CollectorTransport

extension ClientTLSSettings {
    /// Reads a `tls` block.
    init(_ reader: ConfigReader) {
        self.init()
        insecure = reader.bool("insecure", default: insecure)
        insecureSkipVerify = reader.bool("insecure_skip_verify", default: insecureSkipVerify)
        caFile = reader.optionalString("ca_file")
        caPEM = reader.optionalString("ca_pem")
        includeSystemCACertsPool = reader.bool("include_system_ca_certs_pool", default: includeSystemCACertsPool)
        certFile = reader.optionalString("cert_file")
        certPEM = reader.optionalString("cert_pem")
        keyFile = reader.optionalString("key_file")
        keyPEM = reader.optionalSecret("key_pem")
        serverNameOverride = reader.optionalString("server_name_override")
        minVersion = reader.enumeration("min_version", default: minVersion)
        maxVersion = reader.optionalEnumeration("max_version")
        for key in ["reload_interval", "cipher_suites", "curve_preferences", "tpm"] {
            reader.unsupported(
                key, because: "certificates and algorithms are those of the process's start; remove the key")
        }
    }
}

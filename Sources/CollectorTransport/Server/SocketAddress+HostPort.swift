import NIOCore

extension SocketAddress {
    /// As people write it: `127.0.0.1:4318`, `[::1]:4318`.
    var hostPort: String {
        switch self {
        case .v4: "\(ipAddress ?? ""):\(port ?? 0)"
        case .v6: "[\(ipAddress ?? "")]:\(port ?? 0)"
        case .unixDomainSocket: pathname ?? ""
        }
    }
}

extension Sequence<SocketAddress> {
    /// The addresses of a listener, for the log.
    package var listed: String { map(\.hostPort).joined(separator: ", ") }
}

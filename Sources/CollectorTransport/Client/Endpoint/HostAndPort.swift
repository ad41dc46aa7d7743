/// The `host[:port]` part of an endpoint.
struct HostAndPort: Equatable {
    /// Name or address, an IPv6 address without its brackets.
    var host: String
    var port: Int?

    /// What `parse` found wrong.
    struct Invalid: Error, Equatable {
        let problem: String
    }

    /// Reads `name`, `name:port`, `1.2.3.4:port`, `[::1]`, `[::1]:port`.
    static func parse(_ text: Substring) throws(Invalid) -> HostAndPort {
        if text.contains("@") { throw Invalid(problem: "user names and passwords in a URL are not supported") }
        let host: Substring
        let rest: Substring
        if text.first == "[" {
            guard let close = text.firstIndex(of: "]") else { throw Invalid(problem: "\"[\" without \"]\"") }
            host = text[text.index(after: text.startIndex)..<close]
            rest = text[text.index(after: close)...]
            guard host.contains(":") else { throw Invalid(problem: "brackets are for IPv6 addresses") }
        } else {
            let colon = text.firstIndex(of: ":") ?? text.endIndex
            host = text[..<colon]
            rest = text[colon...]
            if rest.dropFirst().contains(":") { throw Invalid(problem: "an IPv6 address needs brackets") }
        }
        if host.isEmpty { throw Invalid(problem: "the host is missing") }
        guard host.utf8.allSatisfy(isHostByte) else { throw Invalid(problem: "\"\(host)\" is not a host name") }
        if rest.isEmpty { return HostAndPort(host: String(host), port: nil) }
        guard rest.first == ":" else { throw Invalid(problem: "\"\(rest)\" after the host") }
        let digits = rest.dropFirst()
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(digits), (1...65535).contains(port)
        else { throw Invalid(problem: "\"\(digits)\" is not a port (1 to 65535)") }
        return HostAndPort(host: String(host), port: port)
    }

    /// Letters, digits and what else occurs in names, IPv6 addresses and their zones.
    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x3A, 0x25, 0x7E: true
        default: false
        }
    }
}

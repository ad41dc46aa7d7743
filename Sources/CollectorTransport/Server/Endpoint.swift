/// An address to listen on, as configurations write it: `host:port`.
package struct Endpoint: Sendable, Equatable {
    package let host: String
    package let port: Int

    /// Why a text is no endpoint.
    package struct Malformed: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// Reads `localhost:4318`, `0.0.0.0:4318`, `[::1]:4318` or `:4318`, which means every address of the machine.
    package init(_ text: String) throws(Malformed) {
        guard let colon = text.lastIndex(of: ":") else {
            throw Malformed(description: "'\(text)' has no port; write host:port, for example localhost:4318")
        }
        let digits = text[text.index(after: colon)...]
        guard let port = UInt16(digits), digits.utf8.first != UInt8(ascii: "+") else {
            throw Malformed(description: "'\(digits)' in '\(text)' is not a port; a port is a number from 0 to 65535")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw Malformed(description: "'\(text)' is ambiguous; write an IPv6 address in brackets, as in [::1]:4318")
        }
        self.host = String(host)
        self.port = Int(port)
    }

    /// The hosts to bind, in order: all must succeed, but a machine without IPv6 is excused from the second.
    var candidates: [(host: String, isOptional: Bool)] {
        switch host {
        case "localhost": [("127.0.0.1", false), ("::1", true)]
        case "": [("::", true)]
        default: [(host, false)]
        }
    }
}

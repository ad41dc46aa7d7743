// Where an exporter sends to. OTLP/HTTP endpoints are URLs: of a base, to which the signal's path is added, or of one
// signal, used as it is (OTLP exporter specification, "Endpoint URLs for OTLP/HTTP"; conformance 91). OTLP/gRPC
// endpoints are what gRPC dials: `host:port`, optionally behind a resolver (`dns:///`, `passthrough:///`), or a URL
// whose scheme decides about TLS.

/// A parsed OTLP endpoint.
package struct OTLPEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// Name or address to connect to, an IPv6 address without its brackets.
    package let host: String
    package let port: Int
    /// What the scheme says about TLS; nil where there is none (`host:4317`) and the TLS settings decide.
    package let usesTLS: Bool?
    /// Path of the request, with its leading slash; gRPC does not use it.
    package let path: String
    /// Query of the request without its question mark, "" for none.
    package let query: String
    /// The endpoint as people wrote it, for messages.
    package let description: String

    private static let httpForm = "a URL like http://localhost:4318"
    private static let grpcForm = "host:port like localhost:4317, or a URL like https://otlp.example.com:4317"

    /// Parses an OTLP/HTTP URL: of a base (then call `appending`) or of a single signal.
    package static func http(_ text: String) throws(EndpointError) -> OTLPEndpoint {
        func invalid(_ problem: String) -> EndpointError {
            EndpointError(value: text, problem: problem, expected: httpForm)
        }
        if text.isEmpty { throw invalid("it is empty") }
        guard let url = SchemeAndRest(text) else { throw invalid("the scheme is missing") }
        let usesTLS: Bool
        switch url.scheme {
        case "http": usesTLS = false
        case "https": usesTLS = true
        default: throw invalid("the scheme \"\(url.scheme)\" is not http or https")
        }
        // A fragment is for the client alone and never sent (RFC 9110, 4.2.5).
        let rest = url.rest.prefix { $0 != "#" }
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw invalid("it contains a space or another character that must be percent-encoded")
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let target = rest[authority.endIndex...]
        let path = target.prefix { $0 != "?" }
        let query = target[path.endIndex...].dropFirst()
        do throws(HostAndPort.Invalid) {
            let address = try HostAndPort.parse(authority)
            return OTLPEndpoint(
                host: address.host, port: address.port ?? (usesTLS ? 443 : 80), usesTLS: usesTLS,
                path: path.isEmpty ? "/" : String(path), query: String(query), description: text)
        } catch {
            throw invalid(error.problem)
        }
    }

    /// Parses an OTLP/gRPC endpoint. Without a scheme the port is required, as in the OpenTelemetry Collector.
    package static func grpc(_ text: String) throws(EndpointError) -> OTLPEndpoint {
        func invalid(_ problem: String) -> EndpointError {
            EndpointError(value: text, problem: problem, expected: grpcForm)
        }
        if text.isEmpty { throw invalid("it is empty") }
        var usesTLS: Bool?
        var authority = Substring(text)
        var defaultPort: Int?
        if let url = SchemeAndRest(text) {
            authority = url.rest
            switch url.scheme {
            case "http": (usesTLS, defaultPort) = (false, 80)
            case "https": (usesTLS, defaultPort) = (true, 443)
            case "dns", "passthrough":
                // `dns://server/name:port` names the DNS server to ask; the system's resolver is used here.
                guard let slash = authority.firstIndex(of: "/") else { throw invalid("the name is missing") }
                guard slash == authority.startIndex else { throw invalid("a DNS server of its own is not supported") }
                authority = authority.dropFirst()
                defaultPort = 443
            default: throw invalid("the scheme \"\(url.scheme)\" is not http, https, dns or passthrough")
            }
        } else if text.hasPrefix("unix:") {
            throw invalid("unix sockets are not supported")
        } else if text.hasPrefix("dns:") || text.hasPrefix("passthrough:") {
            authority = authority.drop { $0 != ":" }.dropFirst()
            defaultPort = 443
        }
        if usesTLS != nil, authority.last == "/" { authority = authority.dropLast() }
        if authority.contains("/") { throw invalid("a gRPC endpoint has no path") }
        let address: HostAndPort
        do throws(HostAndPort.Invalid) {
            address = try HostAndPort.parse(authority)
        } catch {
            throw invalid(error.problem)
        }
        guard let port = address.port ?? defaultPort else { throw invalid("the port is missing") }
        return OTLPEndpoint(host: address.host, port: port, usesTLS: usesTLS, path: "/", query: "", description: text)
    }

    /// This base endpoint with a signal's path (`v1/traces`) added, joined by exactly one slash.
    package func appending(signalPath: String) -> OTLPEndpoint {
        let base = path.hasSuffix("/") ? path : path + "/"
        let joined = base + signalPath.drop { $0 == "/" }
        let text = usesTLS == true ? "https" : "http"
        return OTLPEndpoint(
            host: host, port: port, usesTLS: usesTLS, path: joined, query: query,
            description: "\(text)://\(authority)\(joined)\(query.isEmpty ? "" : "?\(query)")")
    }

    /// The request target of HTTP/1.1: path and query.
    package var requestTarget: String { query.isEmpty ? path : "\(path)?\(query)" }

    /// The value of `Host` and `:authority`: without the port where it is the scheme's own.
    package var authority: String {
        let bracketed = host.contains(":") ? "[\(host)]" : host
        switch (usesTLS, port) {
        case (false, 80), (true, 443): return bracketed
        default: return "\(bracketed):\(port)"
        }
    }
}

/// A text split at `://`; the scheme in lower case.
private struct SchemeAndRest {
    let scheme: String
    let rest: Substring

    init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return nil }
        scheme = text[..<colon].lowercased()
        rest = text[colon...].dropFirst(3)
    }
}

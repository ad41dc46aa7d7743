import CollectorCore
import CollectorTransport

/// The settings of the `otlp` receiver. A protocol that is not named is not served.
package struct OTLPReceiverConfig: Sendable {
    struct HTTP: Sendable {
        var endpoint = "localhost:4318"
        var paths: [Signal: String] = [:]
        /// Bytes, as sent and decompressed.
        var maximumBodyBytes = 64 << 20
        var server = HTTPServerSettings()
    }

    struct GRPC: Sendable {
        var endpoint = "localhost:4317"
        var maximumMessageBytes = 64 << 20
        var server = GRPCServerSettings()
    }

    var http: HTTP?
    var grpc: GRPC?

    init(_ reader: ConfigReader) {
        if let protocols = reader.section("protocols") {
            http = protocols.section("http").map(HTTP.init)
            grpc = protocols.section("grpc").map(GRPC.init)
        }
        if http == nil, grpc == nil {
            reader.error("protocols", "names no protocol; expected `grpc:`, `http:` or both")
        }
        reader.finish()
    }
}

extension OTLPReceiverConfig.HTTP {
    init(_ reader: ConfigReader) {
        self.init()
        endpoint = reader.endpoint("endpoint", default: endpoint)
        for signal in Signal.allCases {
            let path = reader.string("\(signal.rawValue)_url_path", default: "/v1/\(signal.rawValue)")
            if !path.hasPrefix("/") {
                reader.error(
                    "\(signal.rawValue)_url_path", "`\(path)` must begin with `/`, as in /v1/\(signal.rawValue)")
            }
            if let other = paths.first(where: { $0.value == path })?.key {
                reader.error(
                    "\(signal.rawValue)_url_path",
                    "`\(path)` is the path of \(other.rawValue) already; each needs its own")
            }
            paths[signal] = path
        }
        maximumBodyBytes = reader.integer("max_request_body_size", default: maximumBodyBytes, in: 1...(1 << 30))
        server.headerTimeout = reader.duration("read_header_timeout", default: server.headerTimeout)
        server.bodyTimeout = reader.duration("read_timeout", default: server.bodyTimeout)
        server.idleTimeout = reader.duration("idle_timeout", default: server.idleTimeout)
        reader.hint("write_timeout")
        reader.hint("include_metadata")
        for key in ["tls", "auth", "cors", "response_headers", "compression_algorithms", "middlewares"] {
            reader.unsupported(key, because: "this receiver does not offer it; put a proxy in front, or remove the key")
        }
    }
}

extension OTLPReceiverConfig.GRPC {
    init(_ reader: ConfigReader) {
        self.init()
        endpoint = reader.endpoint("endpoint", default: endpoint)
        if let transport = reader.optionalString("transport"), transport != "tcp" {
            reader.error("transport", "`\(transport)` is not available; expected tcp")
        }
        let largest = reader.integer("max_recv_msg_size_mib", default: 64, in: 1...1024)
        maximumMessageBytes = largest << 20
        server.maxConcurrentStreams = reader.integer(
            "max_concurrent_streams", default: server.maxConcurrentStreams, in: 1...100_000)
        reader.hint("read_buffer_size")
        reader.hint("write_buffer_size")
        reader.hint("include_metadata")
        reader.hint("keepalive")
        for key in ["tls", "auth", "middlewares"] {
            reader.unsupported(key, because: "this receiver does not offer it; put a proxy in front, or remove the key")
        }
    }
}

extension ConfigReader {
    /// An address to listen on.
    func endpoint(_ key: String, default fallback: String) -> String {
        let text = string(key, default: fallback)
        do {
            _ = try Endpoint(text)
            return text
        } catch {
            self.error(key, "\(error)")
            return fallback
        }
    }
}

package import NIOCore
import NIOHPACK

/// The request headers of calls to one method, made once: all but what changes per call.
package struct GRPCRequestHead: Sendable {
    let headers: HPACKHeaders

    /// - Parameters:
    ///   - method: the path, like `/opentelemetry.proto.collector.trace.v1.TraceService/Export`.
    ///   - metadata: sent as they are; names are lower-cased. The client's own headers cannot be replaced.
    package init(
        endpoint: OTLPEndpoint, usesTLS: Bool, method: String, userAgent: String,
        metadata: [(name: String, value: String)]
    ) throws(RequestHead.InvalidHeader) {
        var headers = HPACKHeaders([
            (":method", "POST"), (":scheme", usesTLS ? "https" : "http"), (":path", method),
            (":authority", endpoint.authority), ("content-type", "application/grpc"), ("te", "trailers"),
            ("user-agent", userAgent), ("grpc-accept-encoding", "gzip"),
        ])
        for (name, value) in metadata {
            try RequestHead.validate(name: name, value: value)
            let lowercased = name.lowercased()
            if headers.contains(name: lowercased) || lowercased.hasPrefix("grpc-") || lowercased == "host" {
                throw RequestHead.InvalidHeader(name: name, problem: "is set by the client itself; remove it")
            }
            headers.add(name: lowercased, value: value)
        }
        self.headers = headers
    }
}

/// One unary call.
package struct GRPCRequest: Sendable {
    package var head: GRPCRequestHead
    /// The message's bytes in pieces, without gRPC's prefix.
    package var message: [ByteBuffer]
    /// Whether `message` is compressed with gzip.
    package var isCompressed: Bool
    /// From the call of `send` to the status.
    package var timeout: Duration
    /// Wait for a connection until the timeout instead of failing while the endpoint cannot be reached.
    package var waitForReady: Bool

    package init(
        head: GRPCRequestHead, message: [ByteBuffer], isCompressed: Bool, timeout: Duration, waitForReady: Bool = false
    ) {
        self.head = head
        self.message = message
        self.isCompressed = isCompressed
        self.timeout = timeout
        self.waitForReady = waitForReady
    }

    /// The headers as they go out.
    func headers() -> HPACKHeaders {
        var headers = head.headers
        headers.add(name: "grpc-timeout", value: GRPCTimeout.format(timeout))
        if isCompressed { headers.add(name: "grpc-encoding", value: "gzip") }
        return headers
    }

    /// The prefixed message in few pieces.
    func pieces() -> [ByteBuffer] {
        var prefix = ByteBuffer()
        prefix.writeGRPCPrefix(isCompressed: isCompressed, length: message.reduce(0) { $0 + $1.readableBytes })
        return WriteCoalescing.pieces(head: prefix, body: message)
    }
}

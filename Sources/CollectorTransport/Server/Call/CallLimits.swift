/// How large one request may be.
package struct CallLimits: Sendable, Equatable {
    /// Bytes of the body as sent.
    package var wireBytes: Int
    /// Bytes of the body after decompression.
    package var bodyBytes: Int

    package init(wireBytes: Int, bodyBytes: Int) {
        self.wireBytes = wireBytes
        self.bodyBytes = bodyBytes
    }

    /// One limit for both; 64 MiB unless told otherwise (OTLP specification 1.11, "Request size limits").
    package init(bytes: Int = 64 << 20) {
        self.init(wireBytes: bytes, bodyBytes: bytes)
    }
}

/// How a body is encoded: `Content-Encoding` in HTTP, `grpc-encoding` with the message's flag in gRPC.
package enum ContentCoding: Sendable, Equatable {
    case identity
    case compressed(CompressedFormat)

    /// The coding of a header's value, nil for one that is not supported.
    package static func named(_ name: String) -> ContentCoding? {
        switch name.lowercased() {
        case "", "identity": .identity
        case "gzip", "x-gzip": .compressed(.gzip)
        case "deflate": .compressed(.deflate)
        default: nil
        }
    }

    /// The supported codings as headers list them.
    package static let supported = "gzip, deflate"
}

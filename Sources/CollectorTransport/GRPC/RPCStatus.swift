package import CollectorCore
package import NIOCore

/// A `google.rpc.Status`: the body of OTLP/HTTP errors and the content of `grpc-status-details-bin`.
package struct RPCStatus: Sendable {
    package var code: StatusCode
    package var message: String
    /// Becomes a `google.rpc.RetryInfo`.
    package var retryAfter: Duration?
    /// What is wrong with the request; becomes a `google.rpc.BadRequest` with one violation.
    package var badRequest: String?

    package init(code: StatusCode, message: String, retryAfter: Duration? = nil, badRequest: String? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
        self.badRequest = badRequest
    }

    /// The message in protobuf.
    package func encoded() -> ByteBuffer {
        var status = ByteBuffer()
        status.writeVarintField(1, UInt64(clamping: code.rawValue))
        status.writeTextField(2, message)
        if let retryAfter, retryAfter > .zero {
            let parts = retryAfter.components
            var duration = ByteBuffer()
            duration.writeVarintField(1, UInt64(clamping: parts.seconds))
            duration.writeVarintField(2, UInt64(clamping: parts.attoseconds / 1_000_000_000))
            var info = ByteBuffer()
            info.writeMessageField(1, duration)
            status.writeDetail("google.rpc.RetryInfo", info)
        }
        if let badRequest {
            var violation = ByteBuffer()
            violation.writeTextField(2, badRequest)
            var request = ByteBuffer()
            request.writeMessageField(1, violation)
            status.writeDetail("google.rpc.BadRequest", request)
        }
        return status
    }
}

// Field writers for the few messages written here; telemetry is written by OTLPWire.
extension ByteBuffer {
    fileprivate mutating func writeVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        writeInteger(UInt8(truncatingIfNeeded: rest))
    }

    fileprivate mutating func writeVarintField(_ number: UInt64, _ value: UInt64) {
        guard value != 0 else { return }
        writeVarint(number << 3)
        writeVarint(value)
    }

    fileprivate mutating func writeTextField(_ number: UInt64, _ text: String) {
        guard !text.isEmpty else { return }
        writeMessageField(number, ByteBuffer(string: text))
    }

    fileprivate mutating func writeMessageField(_ number: UInt64, _ message: ByteBuffer) {
        writeVarint(number << 3 | 2)
        writeVarint(UInt64(message.readableBytes))
        writeImmutableBuffer(message)
    }

    /// One `google.protobuf.Any` in field 3.
    fileprivate mutating func writeDetail(_ type: String, _ message: ByteBuffer) {
        var any = ByteBuffer()
        any.writeTextField(1, "type.googleapis.com/\(type)")
        any.writeMessageField(2, message)
        writeMessageField(3, any)
    }
}

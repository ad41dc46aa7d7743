package import CollectorCore
package import NIOCore
package import NIOHPACK

/// What answers the calls of a `GRPCServer`.
package protocol GRPCService: Sendable {
    /// Called on the connection's event loop when a call's headers have arrived.
    func admit(_ head: GRPCCallHead) -> GRPCAdmission

    /// Called on the event loop with the call's one message. Answers now or later, from any thread, exactly once; a
    /// responder that goes unused answers INTERNAL.
    func handle(_ call: GRPCCall, respond: GRPCResponder)
}

/// Whether a call's message is wanted.
package enum GRPCAdmission: Sendable {
    case read(CallLimits)
    /// The answer is known without the message, which is skipped.
    case answer(GRPCAnswer)
}

/// The end of a call.
package enum GRPCAnswer: Sendable {
    /// OK, with the response message.
    case success(ByteBuffer)
    /// Any other status. `details` is a `google.rpc.Status` for `grpc-status-details-bin`; without one, a retryable
    /// error with a delay gets its RetryInfo (conformance 12, 14).
    case failure(DeliveryError, details: ByteBuffer? = nil)

    /// The answer to a path that nobody serves (conformance 15).
    package static func unknownMethod(_ path: String) -> GRPCAnswer {
        .failure(.permanent("the method '\(path)' is not served here", code: .unimplemented))
    }
}

/// The headers of a call.
package struct GRPCCallHead: Sendable {
    /// `/package.Service/Method`.
    package let path: String
    package let headers: HPACKHeaders
    package let remoteAddress: SocketAddress?

    package init(path: String, headers: HPACKHeaders = [:], remoteAddress: SocketAddress? = nil) {
        self.path = path
        self.headers = headers
        self.remoteAddress = remoteAddress
    }
}

/// A whole unary request.
package struct GRPCCall: Sendable {
    package let head: GRPCCallHead
    /// The message, decompressed.
    package let message: ByteBuffer
    /// The message as it was sent, when that was gzip.
    package let gzipped: ByteBuffer?
    /// Keeps the bytes charged to the byte budget; keep it as long as them.
    package let reservation: ByteReservation
}

import CollectorCore
import NIOCore
import NIOHPACK

/// The headers and trailers that a gRPC server sends.
enum GRPCResponseHeaders {
    /// What goes before the response message.
    static let initial: HPACKHeaders = [":status": "200", "content-type": "application/grpc"]
    /// What follows it when all is well.
    static let success: HPACKHeaders = ["grpc-status": "0"]
    /// Told to a client whose coding is not supported (conformance 3).
    static let acceptedEncodings = (name: "grpc-accept-encoding", value: "identity,deflate,gzip")

    /// The status of a failed call; a whole response by itself unless one has begun ("Trailers-Only").
    static func failure(_ error: DeliveryError, details: ByteBuffer?, isResponseStarted: Bool) -> HPACKHeaders {
        var headers = isResponseStarted ? HPACKHeaders() : initial
        let code = error.grpcCode
        headers.add(name: "grpc-status", value: String(code.rawValue))
        headers.add(name: "grpc-message", value: GRPCStatusMessage.encode(error.message))
        if let details = details ?? retryInfo(error, code) {
            headers.add(name: "grpc-status-details-bin", value: Base64.encode(details))
        }
        return headers
    }

    /// An answer in HTTP's terms, to what is no gRPC call.
    static func http(_ status: Int) -> HPACKHeaders {
        [":status": String(status)]
    }

    private static func retryInfo(_ error: DeliveryError, _ code: StatusCode) -> ByteBuffer? {
        guard let delay = error.retryAfter, delay > .zero else { return nil }
        return RPCStatus(code: code, message: error.message, retryAfter: delay).encoded()
    }
}

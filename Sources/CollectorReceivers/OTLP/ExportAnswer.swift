import CollectorCore
import NIOCore
import OTLPMessages

/// Writes the bodies of answers: `Export…ServiceResponse` and `google.rpc.Status` (conformance 31 to 35, 43).
enum ExportAnswer {
    /// The largest message text that goes out; answers are limited, and senders read no novels.
    private static let longestMessage = 1000

    /// The response message: empty on full success, with `partial_success` when items were refused.
    static func response(_ signal: Signal, refused: Refusal?, _ encoding: RequestEncoding) -> ByteBuffer {
        guard let refused else {
            return encoding == .json ? ByteBuffer(string: "{}") : ByteBuffer()
        }
        let partial = ExportPartialSuccess(
            rejected: Int64(refused.count), errorMessage: String(refused.reason.prefix(longestMessage)))
        return ByteBuffer(
            bytes: encoding == .json ? partial.responseJSON(signal.responseKind) : partial.responseWire())
    }

    /// The `google.rpc.Status` for an error; invalid data comes with a BadRequest (conformance 35).
    static func status(_ error: DeliveryError, _ encoding: RequestEncoding) -> ByteBuffer {
        let message = String(error.message.prefix(longestMessage))
        let status = OTLPMessages.RPCStatus(
            code: Int32(error.grpcCode.rawValue), message: message, retryDelay: error.retryAfter,
            badRequest: error.code == .invalidArgument ? [.init(field: "", description: message)] : [])
        return ByteBuffer(bytes: encoding == .json ? status.json() : status.wire())
    }
}

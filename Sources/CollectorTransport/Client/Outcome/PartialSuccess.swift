package import NIOCore

/// `partial_success` of an `Export…ServiceResponse`: what a backend took the request without (conformance 82 to 84).
package struct PartialSuccess: Sendable, Equatable {
    /// Spans, data points or log records refused; zero with a message is a warning.
    package let rejected: Int64
    package let message: String

    /// The partial success in a serialised response, nil when all was taken: absent, or set to its defaults. Bytes that
    /// are not a response count as full success too, since the status has already said so.
    ///
    /// All three responses look alike: `partial_success = 1 { int64 rejected_… = 1; string error_message = 2; }`.
    package static func parse(_ response: ByteBuffer) -> PartialSuccess? {
        if response.readableBytes == 0 { return nil }
        var rejected: Int64 = 0
        var message = ""
        do throws(ProtobufFields.Malformed) {
            var fields = ProtobufFields(response)
            while let (number, value) = try fields.next() {
                guard case (1, .bytes(let partial)) = (number, value) else { continue }
                var inner = ProtobufFields(partial)
                while let (number, value) = try inner.next() {
                    switch (number, value) {
                    case (1, .varint(let bits)): rejected = max(0, Int64(bitPattern: bits))
                    case (2, .bytes(let text)): message = text.text
                    default: break
                    }
                }
            }
        } catch {
            return nil
        }
        return rejected == 0 && message.isEmpty ? nil : PartialSuccess(rejected: rejected, message: message)
    }
}

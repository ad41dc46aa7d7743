/// A `google.rpc.Status`: the body of every OTLP/HTTP error, and what `grpc-status-details-bin` carries.
package struct RPCStatus: Sendable, Equatable {
    /// A gRPC status code.
    package var code: Int32
    /// For people, in English.
    package var message: String
    /// Adds a `google.rpc.RetryInfo`: try again after this long.
    package var retryDelay: Duration?
    /// Adds a `google.rpc.BadRequest` that says which fields were wrong.
    package var badRequest: [FieldViolation]

    package struct FieldViolation: Sendable, Equatable {
        /// Path of the field, such as `resource_spans[0].scope_spans[0].spans[3].trace_id`; empty when unknown.
        package var field: String
        package var description: String

        package init(field: String, description: String) {
            self.field = field
            self.description = description
        }
    }

    package init(code: Int32, message: String, retryDelay: Duration? = nil, badRequest: [FieldViolation] = []) {
        self.code = code
        self.message = message
        self.retryDelay = retryDelay
        self.badRequest = badRequest
    }

    private static let retryInfoURL = "type.googleapis.com/google.rpc.RetryInfo"
    private static let badRequestURL = "type.googleapis.com/google.rpc.BadRequest"

    /// The protobuf encoding.
    package func wire() -> [UInt8] {
        var draft = WireDraft()
        if code != 0 {
            draft.tag(1, .varint)
            draft.varint(UInt64(bitPattern: Int64(code)))
        }
        if !message.isEmpty { draft.field(2, message.utf8) }
        if let retryDelay {
            let detail = draft.open(3)
            draft.field(1, Self.retryInfoURL.utf8)
            let value = draft.open(2)
            write(retryDelay, to: &draft)
            draft.close(value)
            draft.close(detail)
        }
        if !badRequest.isEmpty {
            let detail = draft.open(3)
            draft.field(1, Self.badRequestURL.utf8)
            let value = draft.open(2)
            for violation in badRequest {
                let mark = draft.open(1)
                if !violation.field.isEmpty { draft.field(1, violation.field.utf8) }
                if !violation.description.isEmpty { draft.field(2, violation.description.utf8) }
                draft.close(mark)
            }
            draft.close(value)
            draft.close(detail)
        }
        return draft.finish()
    }

    /// The JSON encoding of the same message.
    package func json() -> [UInt8] {
        // The schema knows this message: what was just written can be read.
        (try? OTLPMessages.json(fromWire: wire().span, kind: .rpcStatus)) ?? Array(#"{"code":\#(code)}"#.utf8)
    }

    /// `RetryInfo.retry_delay`.
    private func write(_ delay: Duration, to draft: inout WireDraft) {
        let mark = draft.open(1)
        let (seconds, attoseconds) = delay.components
        let nanoseconds = attoseconds / 1_000_000_000
        if seconds != 0 {
            draft.tag(1, .varint)
            draft.varint(UInt64(bitPattern: seconds))
        }
        if nanoseconds != 0 {
            draft.tag(2, .varint)
            draft.varint(UInt64(bitPattern: nanoseconds))
        }
        draft.close(mark)
    }
}

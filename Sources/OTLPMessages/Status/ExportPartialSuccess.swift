/// What an export response says beyond success: how many items were refused, or a warning.
///
/// A full success has no partial success at all: its response is zero bytes of protobuf, `{}` in JSON (conformance 31,
/// 32).
package struct ExportPartialSuccess: Sendable, Equatable {
    /// Spans, data points or log records that were not accepted. With 0 the message is a warning.
    package var rejected: Int64
    /// For people, in English.
    package var errorMessage: String

    package init(rejected: Int64, errorMessage: String) {
        self.rejected = rejected
        self.errorMessage = errorMessage
    }

    /// The whole response as protobuf; the same bytes for each of the three signals.
    package func responseWire() -> [UInt8] {
        var draft = WireDraft()
        let mark = draft.open(1)
        if rejected != 0 {
            draft.tag(1, .varint)
            draft.varint(UInt64(bitPattern: rejected))
        }
        if !errorMessage.isEmpty { draft.field(2, errorMessage.utf8) }
        draft.close(mark)
        return draft.finish()
    }

    /// The whole response as JSON.
    ///
    /// - Parameter kind: the response of a signal: the name of the count differs.
    package func responseJSON(_ kind: MessageKind) -> [UInt8] {
        // The schema knows this message: what was just written can be read.
        (try? json(fromWire: responseWire().span, kind: kind)) ?? Array("{}".utf8)
    }
}

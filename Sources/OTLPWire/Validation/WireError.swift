/// Why bytes are not the message they should be. Names the place, so that the sender's developer can find it.
package struct WireError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Reason: Sendable, Equatable {
        /// The message ends inside a field.
        case truncated
        /// A varint longer than ten bytes, or a tag or length longer than five.
        case varintTooLong
        /// A length that reaches beyond the enclosing message.
        case lengthOverrun
        /// Field number 0, or one above 2^29 - 1.
        case invalidFieldNumber
        /// Wire type 3, 4, 6 or 7.
        case unsupportedWireType
        /// A known field with another wire type than the schema's.
        case wrongWireType
        /// A string field that is not UTF-8.
        case invalidUTF8
        /// More nested messages than the depth budget.
        case tooDeep
        /// A packed field whose length is no multiple of the element's size.
        case invalidPackedLength
    }

    package var reason: Reason
    /// The schema's name of the message that holds the field.
    package var message: StaticString
    /// 0 when the field number itself is what is wrong.
    package var field: UInt32
    /// Offset into the request's bytes.
    package var offset: Int

    init(_ reason: Reason, _ shape: MessageShape, field: UInt32, offset: Int) {
        self.reason = reason
        self.message = shape.name
        self.field = field
        self.offset = offset
    }

    package static func == (left: WireError, right: WireError) -> Bool {
        left.reason == right.reason && left.offset == right.offset && left.field == right.field
    }

    package var description: String {
        let place = field == 0 ? "in \(message)" : "in field \(field) of \(message)"
        return "invalid OTLP protobuf at byte \(offset) \(place): \(explanation)"
    }

    private var explanation: String {
        switch reason {
        case .truncated: "the message ends inside a field"
        case .varintTooLong: "a varint is longer than 10 bytes (tags and lengths: 5)"
        case .lengthOverrun: "the length reaches beyond the enclosing message"
        case .invalidFieldNumber: "the field number is not between 1 and 536870911"
        case .unsupportedWireType: "the wire type is none of 0, 1, 2 and 5"
        case .wrongWireType: "the wire type is not the one of the schema"
        case .invalidUTF8: "the string is not valid UTF-8"
        case .tooDeep: "more than \(depthBudget) messages are nested in each other"
        case .invalidPackedLength: "the packed length is no multiple of the element's size"
        }
    }
}

/// How many messages may be around a message. A value nested 60 times is 126 messages deep and has to pass; what has no
/// bound is recursion.
package let depthBudget = 256

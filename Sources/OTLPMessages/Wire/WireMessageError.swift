/// Why a protobuf message could not be read as a tree.
package enum WireMessageError: Error, Equatable, CustomStringConvertible {
    /// Not a message of the named type: broken framing, or a field with a wire type its declaration does not allow.
    /// The offset is that of the field, in bytes from the start.
    case malformed(message: String, offset: Int)
    /// More than `MessageLimits.depth` messages inside each other.
    case tooDeep
    /// The tree needs more memory than allowed.
    case outOfMemory(limit: Int)

    package var description: String {
        switch self {
        case .malformed(let message, let offset):
            "byte \(offset): not a field of \(message) as protobuf writes it"
        case .tooDeep:
            "messages are nested deeper than \(MessageLimits.depth) levels"
        case .outOfMemory(let limit):
            "the message needs more than \(limit) bytes of memory as a tree"
        }
    }
}

/// Limits that both encodings share.
package enum MessageLimits {
    /// How many messages may be inside each other, the root included. A list inside a list costs two levels, a map
    /// inside a map three: with the envelopes this leaves room for 80 maps or 120 lists, and the stack of a worker
    /// thread for everything.
    package static let depth = 256
}

import CProtobufC

/// A message inside an arena, read by field. Cannot outlive the arena.
///
/// The accessors trust the field to be one of this message and of the type they are for; both come from `Schema`, which
/// was read from the descriptors that laid the struct out.
@safe
struct MessageView: ~Escapable {
    private let root: UnsafeRawPointer
    /// Index in `Schema.messages`.
    let message: Int

    /// - Parameter root: a `ProtobufCMessage` laid out by the descriptor of `message`. The caller ties the lifetime.
    @unsafe
    @_lifetime(immortal)
    init(root: UnsafeRawPointer, message: Int) {
        unsafe self.root = unsafe root
        self.message = message
    }

    /// How many values a field has: of a repeated field its elements, else 1 when it is to be shown and 0 when it is
    /// not (unset oneof member, absent message, default value outside a oneof).
    func count(_ field: Schema.Field) -> Int {
        // Offsets come from the descriptor of this message.
        if field.isRepeated { return unsafe root.load(fromByteOffset: field.quantifierOffset, as: Int.self) }
        if field.oneof != nil {
            return unsafe root.load(fromByteOffset: field.quantifierOffset, as: UInt32.self) == field.number ? 1 : 0
        }
        switch field.type {
        case .message:
            return unsafe root.load(fromByteOffset: field.offset, as: UnsafeRawPointer?.self) == nil ? 0 : 1
        case .string, .bytes, .identifier:
            return unsafe root.load(fromByteOffset: field.offset, as: ProtobufCBinaryData.self).len == 0 ? 0 : 1
        default:
            return bits(field, at: 0) == 0 ? 0 : 1
        }
    }

    /// The bit pattern of a number, bool or enum, zero-extended.
    func bits(_ field: Schema.Field, at index: Int) -> UInt64 {
        let place = unsafe element(field, at: index, size: field.isWide ? 8 : 4)
        // Bool and enum are C ints.
        return unsafe field.isWide ? place.load(as: UInt64.self) : UInt64(place.load(as: UInt32.self))
    }

    /// The content of a string, bytes or id field.
    @_lifetime(copy self)
    func bytes(_ field: Schema.Field, at index: Int) -> Span<UInt8> {
        let data = unsafe element(field, at: index, size: MemoryLayout<ProtobufCBinaryData>.stride)
            .load(as: ProtobufCBinaryData.self)
        // The arena owns `len` bytes at `data`; NULL only with length 0.
        let buffer = unsafe UnsafeBufferPointer(start: data.data, count: data.data == nil ? 0 : data.len)
        return unsafe _overrideLifetime(Span(_unsafeElements: buffer), copying: self)
    }

    /// A submessage. Ask only for what `count` says is there.
    @_lifetime(copy self)
    func submessage(_ field: Schema.Field, at index: Int) -> MessageView {
        let place = unsafe element(field, at: index, size: MemoryLayout<UnsafeRawPointer>.stride)
        // Present, so the pointer is set, to a struct of the field's message type in the same arena.
        let root = unsafe place.load(as: UnsafeRawPointer.self)
        return unsafe _overrideLifetime(MessageView(root: root, message: field.target), copying: self)
    }

    /// Where a value lies: in the struct, or in the array a repeated field points to.
    private func element(_ field: Schema.Field, at index: Int, size: Int) -> UnsafeRawPointer {
        guard field.isRepeated else { return unsafe root.advanced(by: field.offset) }
        // `index` is below `count`, so the array is there.
        return unsafe root.load(fromByteOffset: field.offset, as: UnsafeRawPointer.self).advanced(by: index &* size)
    }
}

extension Schema.Field {
    /// Whether the C struct keeps the number in eight bytes.
    fileprivate var isWide: Bool {
        switch type {
        case .double, .int64, .uint64, .fixed64, .sfixed64: true
        default: false
        }
    }
}

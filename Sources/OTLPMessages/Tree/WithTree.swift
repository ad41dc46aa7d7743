extension MessageLimits {
    /// How many bytes the tree of one message may take when the caller names no limit. Spans take about eight times
    /// their size on the wire.
    package static let treeMemory = 512 << 20
}

/// Unpacks a message, passes its root on, and frees it.
///
/// The shape is checked first, and a shape libprotobuf-c must not see is rewritten (see `WireCanonicalizer`); without
/// unknown fields, which nothing that reads a tree shows.
func withTree(
    of bytes: Span<UInt8>, kind: MessageKind, memoryLimit: Int, _ body: (MessageView, borrowing Arena) -> Void
) throws(WireMessageError) {
    let message = Schema.shared.message(of: kind)
    let arena = Arena(limit: memoryLimit)
    var shape = WireShape(bytes)
    if try shape.isCanonical(as: message, allowingUnknown: false) {
        try pass(bytes, as: message, from: arena, memoryLimit: memoryLimit, body)
    } else {
        var canonicalizer = WireCanonicalizer(bytes, keepsUnknown: false)
        canonicalizer.write([0..<bytes.count], as: message)
        let rewritten = canonicalizer.draft.finish()
        try pass(rewritten.span, as: message, from: arena, memoryLimit: memoryLimit, body)
    }
}

private func pass(
    _ bytes: Span<UInt8>, as message: Int, from arena: borrowing Arena, memoryLimit: Int,
    _ body: (MessageView, borrowing Arena) -> Void
) throws(WireMessageError) {
    guard let view = arena.unpack(bytes, as: message) else {
        throw arena.isExhausted
            ? .outOfMemory(limit: memoryLimit) : .malformed(message: Schema.shared.messages[message].name, offset: 0)
    }
    body(view, arena)
}

// The edit primitive: replaces ranges of a message and rewrites the lengths of the messages around them.
//
//     | tag | len | ....[cut]....... |   len shrinks or grows with what is cut and put in its place, and so does the
//                   ^ enclosing[i]       length of every message around it; a length whose own size changes counts in
//                                        the next one out.
//
// One sweep from front to back: messages are opened where they begin and closed where they end, innermost first, and a
// message that closes hands its change of size on to the one around it. Lengths of messages that keep their size stay
// as they are.

/// One replacement. `range` is cut out (may be empty), `replacement` stands there afterwards (may be empty).
package struct Edit: Sendable {
    package var range: ByteRange
    package var replacement: [UInt8]

    package init(_ range: ByteRange, _ replacement: [UInt8]) {
        self.range = range
        self.replacement = replacement
    }
}

/// The message with all edits applied.
///
/// - Parameters:
///   - edits: not overlapping; any order. One without a range belongs to the innermost of `enclosing` it touches.
///   - enclosing: the payloads of all length-delimited messages that contain an edit, at every depth, each once, any
///     order. Those that contain none are left alone.
package func splice(_ bytes: Span<UInt8>, edits: [Edit], enclosing: [ByteRange]) -> [UInt8] {
    var plan = SplicePlan()
    let payloads = enclosing.sorted { ($0.lower, $1.upper) < ($1.lower, $0.upper) }
    var next = 0
    for edit in edits.sorted(by: { ($0.range.lower, $0.range.upper) < ($1.range.lower, $1.range.upper) }) {
        while next < payloads.count, payloads[next].lower <= edit.range.lower {
            plan.open(payloads[next], bytes)
            next += 1
        }
        plan.add(edit)
    }
    plan.closeAll()
    return plan.apply(to: bytes)
}

private struct SplicePlan {
    private struct Change {
        var range: ByteRange
        var replacement: Replacement
    }

    private enum Replacement {
        case bytes([UInt8])
        case length(UInt64)

        var count: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .length(let length): varintSize(length)
            }
        }
    }

    /// A message whose end has not been reached.
    private struct Open {
        var payload: ByteRange
        /// Where `changes` keeps the place of its length.
        var lengthChange: Int
        /// How much it grows.
        var growth: Int
    }

    /// Front to back.
    private var changes: [Change] = []
    private var stack: [Open] = []
    private var growth = 0

    mutating func open(_ payload: ByteRange, _ bytes: Span<UInt8>) {
        close { $0.upper < payload.upper }
        stack.append(Open(payload: payload, lengthChange: changes.count, growth: 0))
        // Nothing, until the message closes with another size.
        let prefix = lengthPrefix(before: payload, in: bytes)
        changes.append(Change(range: ByteRange(prefix.start, prefix.start), replacement: .bytes([])))
    }

    mutating func add(_ edit: Edit) {
        close { $0.upper < edit.range.upper }
        changes.append(Change(range: edit.range, replacement: .bytes(edit.replacement)))
        grow(by: edit.replacement.count - edit.range.count)
    }

    mutating func closeAll() {
        close { _ in true }
    }

    private mutating func grow(by count: Int) {
        if stack.isEmpty { growth += count } else { stack[stack.count - 1].growth += count }
    }

    private mutating func close(while isOver: (ByteRange) -> Bool) {
        while let last = stack.last, isOver(last.payload) {
            stack.removeLast()
            guard last.growth != 0 else { continue }
            let start = changes[last.lengthChange].range.start
            let length = UInt64(max(0, last.payload.count + last.growth))
            let prefix = ByteRange(start, last.payload.start)
            changes[last.lengthChange] = Change(range: prefix, replacement: .length(length))
            grow(by: last.growth + varintSize(length) - prefix.count)
        }
    }

    func apply(to bytes: Span<UInt8>) -> [UInt8] {
        writtenBytes(capacity: bytes.count + growth) { writer in
            var position = 0
            for change in changes {
                writer.copy(bytes, ByteRange(position, change.range.start))
                switch change.replacement {
                case .bytes(let bytes): writer.copy(bytes)
                case .length(let length): writer.varint(length)
                }
                position = change.range.end
            }
            writer.copy(bytes, ByteRange(position, bytes.count))
        }
    }
}

/// The varint right before a payload. Going backwards is exact: only a varint's last byte lacks the high bit, and what
/// stands before the length is the last byte of the field's tag.
private func lengthPrefix(before payload: ByteRange, in bytes: Span<UInt8>) -> ByteRange {
    var start = payload.start - 1
    while start > 0, bytes[start - 1] >= 0x80 { start -= 1 }
    return ByteRange(max(0, start), payload.start)
}

/// Rewrites a message in canonical form (see `WireShape`): what a reader that knows only the usual shapes can trust.
///
/// This is done on bytes, not by libprotobuf-c's unpack and pack: that loses scalars of a message which occurs twice,
/// and reads out of bounds when a message with an empty oneof does. Merging two occurrences of a message is, by
/// protobuf's own rule, reading their bytes one after the other; so a message here is a list of ranges ("parts") of the
/// input.
///
/// Each message is walked once per field it contains rather than collected in memory: the shapes that lead here are
/// rare, and a hostile body must not cost a multiple of its size.
struct WireCanonicalizer: ~Escapable {
    private let schema = Schema.shared
    private let input: Span<UInt8>
    private let keepsUnknown: Bool
    var draft: WireDraft

    /// - Parameters:
    ///   - input: bytes `WireShape` has walked without an error.
    ///   - keepsUnknown: false leaves unknown fields out.
    @_lifetime(copy input)
    init(_ input: Span<UInt8>, keepsUnknown: Bool) {
        self.input = input
        self.keepsUnknown = keepsUnknown
        draft = WireDraft()
        draft.reserve(input.count)
    }

    mutating func write(_ parts: [Range<Int>], as message: Int) {
        let fields = schema.messages[message].fields
        // Which fields occur at all, by position in the message, and since which occurrence each oneof is what it is.
        var present: UInt64 = 0
        var hasUnknown = false
        var oneofs: [(oneof: UInt32, number: UInt32, since: Int)] = []
        var cursor = WirePartsCursor(input, parts)
        while let field = cursor.next() {
            guard let index = schema.field(field.number, of: message) else {
                hasUnknown = true
                continue
            }
            present |= 1 << UInt64((index - fields.lowerBound) & 63)
            guard let oneof = schema.fields[index].oneof else { continue }
            if let entry = oneofs.firstIndex(where: { $0.oneof == oneof }) {
                // A switch to another member clears what was set before; the same member again merges.
                if oneofs[entry].number != field.number { oneofs[entry] = (oneof, field.number, cursor.ordinal) }
            } else {
                oneofs.append((oneof, field.number, cursor.ordinal))
            }
        }
        for index in fields where present & (1 << UInt64((index - fields.lowerBound) & 63)) != 0 {
            let field = schema.fields[index]
            var since = 0
            if let oneof = field.oneof, let last = oneofs.first(where: { $0.oneof == oneof }) {
                if last.number != field.number { continue }
                since = last.since
            }
            if field.isRepeated {
                writeRepeated(field, in: parts)
            } else {
                writeSingular(field, in: parts, since: since)
            }
        }
        if hasUnknown && keepsUnknown { writeUnknown(in: parts, of: message) }
    }

    private mutating func writeRepeated(_ field: Schema.Field, in parts: [Range<Int>]) {
        var cursor = WirePartsCursor(input, parts)
        if field.type.isPackable {
            let mark = draft.open(field.number)
            while let occurrence = cursor.next(field.number) { draft.append(input.extracting(occurrence.value)) }
            draft.close(mark)
        } else if field.type == .message {
            while let occurrence = cursor.next(field.number) { writeMessage([occurrence.value], field) }
        } else {
            while let occurrence = cursor.next(field.number) { draft.append(input.extracting(occurrence.whole)) }
        }
    }

    /// - Parameter since: occurrences before this ordinal were cleared by another member of the same oneof.
    private mutating func writeSingular(_ field: Schema.Field, in parts: [Range<Int>], since: Int) {
        var cursor = WirePartsCursor(input, parts)
        if field.type == .message {
            var merged: [Range<Int>] = []
            while let occurrence = cursor.next(field.number) {
                if cursor.ordinal >= since && !occurrence.value.isEmpty { merged.append(occurrence.value) }
            }
            writeMessage(merged, field)
        } else {
            var last = 0..<0
            while let occurrence = cursor.next(field.number) { last = occurrence.whole }
            draft.append(input.extracting(last))
        }
    }

    private mutating func writeMessage(_ parts: [Range<Int>], _ field: Schema.Field) {
        let mark = draft.open(field.number)
        write(parts, as: field.target)
        draft.close(mark)
    }

    private mutating func writeUnknown(in parts: [Range<Int>], of message: Int) {
        var cursor = WirePartsCursor(input, parts)
        while let field = cursor.next() {
            if schema.field(field.number, of: message) == nil { draft.append(input.extracting(field.whole)) }
        }
    }
}

/// A message in canonical form: fields ascending, singular ones once, unknown ones kept, behind the known.
///
/// - Parameters:
///   - bytes: a validated message, of any shape protobuf allows.
///   - kind: what message it is.
/// - Returns: equal bytes when the message was canonical already.
package func canonicalWire(from bytes: Span<UInt8>, kind: MessageKind) throws(WireMessageError) -> [UInt8] {
    let message = Schema.shared.message(of: kind)
    var shape = WireShape(bytes)
    if try shape.isCanonical(as: message, allowingUnknown: true) { return Array(copying: bytes) }
    var canonicalizer = WireCanonicalizer(bytes, keepsUnknown: true)
    canonicalizer.write([0..<bytes.count], as: message)
    return canonicalizer.draft.finish()
}

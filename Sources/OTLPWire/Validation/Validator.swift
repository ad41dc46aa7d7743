// Validation and indexing in one pass over a request's bytes, at full depth, front to back, each byte looked at once
// (strings twice: their UTF-8). What has passed is trusted from then on: views read it without errors to handle.
//
// The walk is driven by `Schema`, except for the envelopes (`Validator+Envelope.swift`), the messages whose fields go
// into the index (`Validator+Span.swift`, `Validator+Metric.swift`) and attributes as they are usually written
// (`Validator+Attribute.swift`).
//
// What is refused beyond what protobuf itself refuses, each with its own reason: known fields with another wire type
// than the schema's (protobuf takes them for unknown ones, so their content would silently be lost) and groups, which
// OTLP does not use.

/// The state of one walk.
struct Validator: ~Escapable {
    let bytes: Span<UInt8>
    let rules: Span<FieldRule>
    /// The next byte to look at.
    var at = 0
    /// Whether a shape was seen that the index cannot express and that must be rewritten first.
    var needsCanonicalForm = false

    @_lifetime(copy bytes, copy rules)
    init(_ bytes: Span<UInt8>, rules: Span<FieldRule>) {
        self.bytes = bytes
        self.rules = rules
    }

    /// Validates one message of `shape` that ends at `end`; `at` is there afterwards.
    ///
    /// - Parameter depth: how many messages are around this one; 0 for the request.
    @_lifetime(self: copy self)
    mutating func message(_ shape: MessageShape, _ end: Int, _ depth: Int) throws(WireError) {
        guard depth <= depthBudget else {
            throw WireError(.tooDeep, shape, field: 0, offset: at)
        }
        var seen: UInt32 = 0
        while at < end {
            let tag = try tag(end, shape)
            try value(tag, shape, end, depth, &seen)
        }
    }

    /// Validates the value of a field of `shape`, a message at `depth`. `seen` has a bit for each singular message met
    /// so far.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func value(
        _ tag: Tag, _ shape: MessageShape, _ end: Int, _ depth: Int, _ seen: inout UInt32
    ) throws(WireError) {
        var rule = FieldRule(.unknown)
        if tag.field < UInt32(Schema.fieldsPerShape) {
            rule = rules[Int(shape.rawValue) &* Schema.fieldsPerShape &+ Int(tag.field)]
        }
        if tag.wireType == 2 {
            let payloadEnd = try payloadEnd(end, shape, tag.field)
            if rule.kind == .message {
                if rule.isSingular {
                    let bit: UInt32 = 1 &<< tag.field
                    if seen & bit != 0 { needsCanonicalForm = true }
                    seen |= bit
                } else if rule.shape == .keyValue {
                    return try attribute(payloadEnd, depth &+ 1)
                }
                try message(rule.shape, payloadEnd, depth &+ 1)
            } else {
                try payload(tag, rule.kind, shape, payloadEnd)
            }
        } else {
            try scalar(tag, rule.kind, shape, end)
        }
    }

    /// Validates a length-delimited value that is not a message, from `at` to `payloadEnd`.
    @_lifetime(self: copy self)
    private mutating func payload(
        _ tag: Tag, _ kind: FieldRule.Kind, _ shape: MessageShape, _ payloadEnd: Int
    ) throws(WireError) {
        switch kind {
        case .string:
            try string(payloadEnd, shape, tag.field)
        case .bytes, .unknown, .message:
            at = payloadEnd
        case .repeatedFixed64:
            guard (payloadEnd &- at) & 7 == 0 else {
                throw WireError(.invalidPackedLength, shape, field: tag.field, offset: at)
            }
            at = payloadEnd
        case .repeatedVarint:
            while at < payloadEnd { _ = try varint(payloadEnd, shape, tag.field) }
        case .varint, .fixed64, .fixed32:
            throw WireError(.wrongWireType, shape, field: tag.field, offset: tag.start)
        }
    }

    /// Validates a string from `at` to `end`.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func string(_ end: Int, _ shape: MessageShape, _ field: UInt32) throws(WireError) {
        guard isValidUTF8(bytes, from: at, to: end) else {
            throw WireError(.invalidUTF8, shape, field: field, offset: at)
        }
        at = end
    }

    /// Validates a value that is not length-delimited.
    @_lifetime(self: copy self)
    private mutating func scalar(
        _ tag: Tag, _ kind: FieldRule.Kind, _ shape: MessageShape, _ end: Int
    ) throws(WireError) {
        switch (tag.wireType, kind) {
        case (0, .varint), (0, .repeatedVarint), (0, .unknown):
            _ = try varint(end, shape, tag.field)
        case (1, .fixed64), (1, .repeatedFixed64), (1, .unknown):
            try skip(8, tag, shape, end)
        case (5, .fixed32), (5, .unknown):
            try skip(4, tag, shape, end)
        case (0, _), (1, _), (5, _):
            throw WireError(.wrongWireType, shape, field: tag.field, offset: tag.start)
        default:
            throw WireError(.unsupportedWireType, shape, field: tag.field, offset: tag.start)
        }
    }
}

// A span's `trace_state` as far as samplers read it (W3C Trace Context, "tracestate Header"; OpenTelemetry
// specification, "TraceState"):
//
//     congo=t61rcWkgMzE , ot=th:fd70a;rv:8717a8a27a962a;xx:1 , rojo=00f067aa0ba902b7
//                         └ the member that samplers read and write: sub-keys th, rv and others
//
// Only views: nothing is copied until something is edited (`TraceState+Edit.swift`).

package import OTLPWire

/// What the `ot` member of a tracestate says.
package struct TraceState: Sendable {
    /// The sampling threshold that was applied already (`th`).
    package internal(set) var threshold: SamplingThreshold?
    /// The explicit random value (`rv`), which takes the place of the trace id's last 56 bits.
    package internal(set) var randomness: UInt64?
    /// The whole tracestate.
    let range: ByteRange
    /// The value of the `ot` member.
    private(set) var ot: ByteRange?
    private(set) var memberCount = 0

    /// The tracestate of a span that has none.
    package static let none = TraceState()

    private init() {
        range = .empty
    }

    /// Reads a tracestate. Nil when it is not one by the specifications: it must then be left as it is
    /// (conformance 213).
    package init?(_ bytes: Span<UInt8>, _ range: ByteRange) {
        self.range = range
        var members = TraceStateMembers(bytes, range)
        while let member = members.next() {
            memberCount += 1
            guard memberCount <= Self.maximumMembers, isTraceStateKey(bytes, member.key),
                isTraceStateValue(bytes, member.value),
                !occursBefore(bytes, member.key)
            else { return nil }
            if matches(bytes, member.key, "ot") {
                ot = member.value
                guard readSubKeys(bytes, member.value) else { return nil }
            }
        }
        if members.isBroken { return nil }
    }

    /// W3C Trace Context allows no more members.
    package static let maximumMembers = 32
    /// The OpenTelemetry specification allows no more characters in the value of `ot` (conformance 211).
    static let maximumLength = 256

    /// Whether the span cannot be here by its own `th`: its random value, `rv` or else that of its trace id, does not
    /// reach it. Such a threshold is not to be trusted, but erased (conformance 209).
    package func contradicts(_ trace: TraceID) -> Bool {
        threshold.map { !$0.keeps(randomness: randomness ?? trace.randomness) } ?? false
    }

    /// Keys are unique. Members are few, so looking through them again is cheaper than keeping them.
    private func occursBefore(_ bytes: Span<UInt8>, _ key: ByteRange) -> Bool {
        var members = TraceStateMembers(bytes, ByteRange(range.start, key.start))
        while let member = members.next() {
            if areEqual(bytes, member.key, bytes, key) { return true }
        }
        return false
    }

    private mutating func readSubKeys(_ bytes: Span<UInt8>, _ value: ByteRange) -> Bool {
        guard value.count <= Self.maximumLength else { return false }
        var subKeys = SubKeys(bytes, value)
        while let subKey = subKeys.next() {
            if matches(bytes, subKey.key, "th") {
                guard threshold == nil, let digits = hexadecimalDigits(bytes, subKey.value), subKey.value.count <= 14
                else { return false }
                threshold = SamplingThreshold(clamping: digits << UInt64(4 * (14 - subKey.value.count)))
            } else if matches(bytes, subKey.key, "rv") {
                guard randomness == nil, subKey.value.count == 14, let digits = hexadecimalDigits(bytes, subKey.value)
                else { return false }
                randomness = digits
            }
        }
        return !subKeys.isBroken
    }
}

/// The members of a tracestate, without the spaces around them; empty ones are skipped.
package struct TraceStateMembers: ~Escapable {
    package struct Member {
        package var key: ByteRange
        package var value: ByteRange
        /// Both and the `=` between them.
        package var range: ByteRange
    }

    private let bytes: Span<UInt8>
    private let end: Int
    private var position: Int
    /// Whether something stood there that is no member; `next()` has ended then.
    package private(set) var isBroken = false

    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>, _ range: ByteRange) {
        self.bytes = bytes
        end = min(range.end, bytes.count)
        position = min(range.start, end)
    }

    @_lifetime(self: copy self)
    package mutating func next() -> Member? {
        while position < end, !isBroken {
            var stop = position
            while stop < end, bytes[stop] != UInt8(ascii: ",") { stop += 1 }
            let member = trimmed(position, stop)
            position = stop + 1
            guard !member.isEmpty else { continue }
            guard let equals = member.range.first(where: { bytes[$0] == UInt8(ascii: "=") }) else {
                isBroken = true
                return nil
            }
            return Member(
                key: ByteRange(member.start, equals), value: ByteRange(equals + 1, member.end), range: member)
        }
        return nil
    }

    /// Without spaces and tabs at either end.
    private func trimmed(_ start: Int, _ stop: Int) -> ByteRange {
        var start = start
        var stop = stop
        while start < stop, isSpace(bytes[start]) { start += 1 }
        while stop > start, isSpace(bytes[stop - 1]) { stop -= 1 }
        return ByteRange(start, stop)
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}

/// The `key:value` parts of the `ot` member.
struct SubKeys: ~Escapable {
    struct SubKey {
        var key: ByteRange
        var value: ByteRange
        var range: ByteRange
    }

    private let bytes: Span<UInt8>
    private let end: Int
    private var position: Int
    /// Whether something stood there that is no sub-key; `next()` has ended then.
    private(set) var isBroken = false

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, _ range: ByteRange) {
        self.bytes = bytes
        end = range.end
        position = range.start
    }

    @_lifetime(self: copy self)
    mutating func next() -> SubKey? {
        guard position <= end, !isBroken else { return nil }
        var stop = position
        while stop < end, bytes[stop] != UInt8(ascii: ";") { stop += 1 }
        let part = ByteRange(position, stop)
        position = stop + 1
        guard let colon = part.range.first(where: { bytes[$0] == UInt8(ascii: ":") }) else {
            isBroken = true
            return nil
        }
        let subKey = SubKey(
            key: ByteRange(part.start, colon), value: ByteRange(colon + 1, part.end), range: part)
        isBroken = !(isValidSubKey(bytes, subKey.key) && isValidSubValue(bytes, subKey.value))
        return isBroken ? nil : subKey
    }
}

// Hashes only lead to candidates: whether a span belongs to a series is decided by comparing everything that tells series
// apart, so that two of them never share their counts. The comparison is made in place, value by value, and allocates
// nothing.

import OTLPWire

/// What tells a series from all others of its family: numbers and values, one behind the other.
struct SeriesIdentity: Sendable {
    private(set) var bytes: [UInt8] = []

    init() {}

    /// The identity of a series whose labels are not those of its spans: their values were folded.
    init(resource: Int, folded attributes: [UInt8]) {
        // No slot is so high: identities by the spans' values begin with another number.
        append(.max)
        append(UInt64(resource))
        bytes += attributes
    }

    /// What it is found by.
    var hash: UInt64 { LabelValue.hash(bytes.span, ByteRange(0, bytes.count)) }

    mutating func append(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    mutating func append(_ value: Span<UInt8>, _ range: ByteRange) {
        append(UInt64(range.count))
        bytes.reserveCapacity(bytes.count + range.count)
        for offset in range.range { bytes.append(value[offset]) }
    }

    /// Appends a value, or that there is none.
    mutating func append(_ value: LabelValue?) {
        guard let value else { return append(Self.absent) }
        append(value.bytes.span, ByteRange(0, value.bytes.count))
    }

    /// Stands where the length of a value would.
    fileprivate static let absent = UInt64.max
}

/// The identities of many series, by slot, in one piece of memory.
struct IdentityList: Sendable {
    /// One behind the other; the end is padded, so that the last ones can be compared by whole words as well.
    private(set) var bytes = Array(repeating: UInt8(0), count: padding)
    private var places: [(start: Int, end: Int)] = []

    private static let padding = 8

    /// Sets the identity of a slot, which is the next one or was freed.
    mutating func set(_ identity: SeriesIdentity, at slot: Int) {
        let start = bytes.count - Self.padding
        bytes.removeLast(Self.padding)
        bytes.append(contentsOf: identity.bytes)
        let place = (start, bytes.count)
        bytes.append(contentsOf: repeatElement(0, count: Self.padding))
        if slot < places.count { places[slot] = place } else { places.append(place) }
    }

    /// A comparison with the identity of a slot, which is found in `bytes`.
    func comparison(_ slot: Int) -> IdentityComparison {
        IdentityComparison(place: places[slot].start, end: places[slot].end)
    }

    /// Forgets the identities of slots that are not to be kept.
    mutating func keep(where isKept: (Int) -> Bool) {
        var rest: [UInt8] = []
        for slot in places.indices {
            let old = isKept(slot) ? places[slot].start..<places[slot].end : 0..<0
            places[slot] = (rest.count, rest.count + old.count)
            rest += bytes[old]
        }
        bytes = rest + Array(repeating: 0, count: Self.padding)
    }
}

/// Compares a stored identity with what a span says, part by part in the order of `SeriesIdentity.append`.
struct IdentityComparison {
    private var place: Int
    private let end: Int

    init(place: Int, end: Int) {
        self.place = place
        self.end = end
    }

    /// Whether nothing is left to compare.
    var isComplete: Bool { place == end }

    mutating func meets(_ number: UInt64, in stored: Span<UInt8>) -> Bool {
        guard place &+ 8 <= end, loadLittleEndian64(stored, place) == number else { return false }
        place &+= 8
        return true
    }

    mutating func meets(_ value: Span<UInt8>, _ range: ByteRange, in stored: Span<UInt8>) -> Bool {
        let (start, count) = (range.start, range.count)
        return meets(UInt64(count), in: stored) && meets(value, from: start, count, in: stored)
    }

    mutating func meets(_ value: LabelValue?, in stored: Span<UInt8>) -> Bool {
        guard let value else { return meets(SeriesIdentity.absent, in: stored) }
        return meets(UInt64(value.bytes.count), in: stored) && meets(parts: value.bytes.span, in: stored)
    }

    /// Compares with parts that were put together already.
    mutating func meets(parts: Span<UInt8>, in stored: Span<UInt8>) -> Bool {
        meets(parts, from: 0, parts.count, in: stored)
    }

    private mutating func meets(_ bytes: Span<UInt8>, from start: Int, _ count: Int, in stored: Span<UInt8>) -> Bool {
        guard place &+ count <= end, isEqual(bytes, from: start, stored, from: place, count) else { return false }
        place &+= count
        return true
    }
}

/// Whether `count` bytes, which both are known to have, are the same.
func isEqual(_ left: Span<UInt8>, from start: Int, _ right: Span<UInt8>, from other: Int, _ count: Int) -> Bool {
    var offset = 0
    while offset &+ 8 <= count {
        if loadLittleEndian64(left, start &+ offset) != loadLittleEndian64(right, other &+ offset) { return false }
        offset &+= 8
    }
    guard offset < count else { return true }
    if start &+ offset &+ 8 <= left.count, other &+ offset &+ 8 <= right.count {
        // Whole words, of which the first bytes count.
        let difference = loadLittleEndian64(left, start &+ offset) ^ loadLittleEndian64(right, other &+ offset)
        return difference &<< UInt64(64 &- 8 &* (count &- offset)) == 0
    }
    while offset < count {
        if left[start &+ offset] != right[other &+ offset] { return false }
        offset &+= 1
    }
    return true
}

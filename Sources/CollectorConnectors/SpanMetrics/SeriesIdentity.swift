// Hashes only lead to candidates: whether a span belongs to a series is decided by comparing everything that tells series
// apart, so that two of them never share their counts.
//
// An identity is a row of 64-bit words: numbers, and values as their length and their bytes, the last word filled up with
// zeros. It is hashed as it is written. One is written anew for each span, in memory that is there already: what spans
// have in common stands in front and stays, the rest is written over it.

import OTLPWire

/// What tells a series from all others of its family and its resource.
struct SeriesIdentity: Sendable {
    /// The first `count` belong to the identity.
    private var storage: [UInt64] = []
    private(set) var count = 0
    private var state = LabelValue.secret

    init() {}

    /// The identity of a series whose labels are not those of its spans: their values were folded.
    init(folded attributes: [UInt8]) {
        // No value is so long: identities by the spans' values begin with another number.
        append(.max)
        append(attributes.span, ByteRange(0, attributes.count))
    }

    /// A place to go back to.
    struct Mark: Sendable {
        fileprivate var count = 0
        fileprivate var state = LabelValue.secret
    }

    var mark: Mark { Mark(count: count, state: state) }

    /// Takes back everything that was appended since a mark was taken.
    mutating func rewind(to mark: Mark) {
        count = mark.count
        state = mark.state
        // What one span with an immense value took is not kept for all others.
        if storage.count > Self.mostKept, count < Self.mostKept { storage = Array(storage[..<count]) }
    }

    private static let mostKept = 8192

    /// What it is found by.
    var hash: UInt64 { mixed(state) }
    var words: ArraySlice<UInt64> { storage[..<count] }

    /// Copies the words to `place` of an array with room for them.
    func copy(to words: inout [UInt64], at place: Int) {
        let own = storage.span
        var words = words.mutableSpan
        for position in 0..<count { words[place &+ position] = own[position] }
    }

    mutating func append(_ number: UInt64) {
        makeRoom(1)
        storage[count] = number
        count &+= 1
        state = keyedHash(state, number)
    }

    mutating func append(_ bytes: Span<UInt8>, _ range: ByteRange) {
        let length = range.count
        makeRoom(2 &+ length / 8)
        var (place, state) = (count, state)
        var words = storage.mutableSpan
        words[place] = UInt64(length)
        state = keyedHash(state, UInt64(length))
        place &+= 1
        var at = range.start
        let end = range.end
        while at < end {
            let word = word(bytes, at, end)
            words[place] = word
            state = keyedHash(state, word)
            place &+= 1
            at &+= 8
        }
        self.state = state
        count = place
    }

    /// Appends a value, or that there is none.
    mutating func append(_ value: LabelValue?) {
        // Stands where the length of a value would.
        guard let value else { return append(.max) }
        append(value.bytes.span, ByteRange(0, value.bytes.count))
    }

    private mutating func makeRoom(_ words: Int) {
        guard count &+ words > storage.count else { return }
        storage.append(contentsOf: repeatElement(0, count: max(32, words, storage.count)))
    }
}

/// Up to eight bytes from `place` on, zeros behind the last one.
private func word(_ bytes: Span<UInt8>, _ place: Int, _ end: Int) -> UInt64 {
    if place &+ 8 <= end { return loadLittleEndian64(bytes, place) }
    // A whole word, of which the first bytes count.
    if place &+ 8 <= bytes.count {
        return loadLittleEndian64(bytes, place) & (1 &<< UInt64(8 &* (end &- place)) &- 1)
    }
    var word: UInt64 = 0
    for offset in 0..<(end &- place) { word |= UInt64(bytes[place &+ offset]) &<< UInt64(8 &* offset) }
    return word
}

/// The identities of many series, by slot, in one piece of memory.
struct IdentityList: Sendable {
    /// One behind the other.
    private var words: [UInt64] = []
    private var places: [Range<Int>] = []

    /// Sets the identity of a slot, which is the next one or was freed.
    mutating func set(_ identity: Span<UInt64>, at slot: Int) {
        let start = words.count
        for position in 0..<identity.count { words.append(identity[position]) }
        if slot < places.count { places[slot] = start..<words.count } else { places.append(start..<words.count) }
    }

    func isEqual(_ slot: Int, _ other: Span<UInt64>) -> Bool {
        let place = places[slot]
        let own = words.span
        guard place.count == other.count else { return false }
        var position = 0
        while position < other.count {
            if own[place.lowerBound &+ position] != other[position] { return false }
            position &+= 1
        }
        return true
    }

    /// Forgets the identities of slots that are not to be kept.
    mutating func keep(where isKept: (Int) -> Bool) {
        var rest: [UInt64] = []
        for slot in places.indices {
            let start = rest.count
            if isKept(slot) { rest += words[places[slot]] }
            places[slot] = start..<rest.count
        }
        words = rest
    }
}

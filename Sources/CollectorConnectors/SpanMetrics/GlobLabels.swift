// Labels that are named by the attributes of spans: all whose names match a glob. They are looked for anew in each span,
// in place, and stand in the order of their names, so that a series does not depend on the order senders write them in.

import OTLPWire

/// The globs of one family, and what they have found in one span.
struct GlobLabels: Sendable {
    /// An attribute: its name and its AnyValue.
    struct Match: Sendable {
        var name: ByteRange
        var value: ByteRange
    }

    /// The most labels that globs add to a series: the first ones by name; then the series says that there were more.
    static let limit = 16
    /// Bytes of a name and its value together; longer ones have no room either.
    private static let longest = 1024

    private let globs: [Glob]
    /// Names that are labels already, or are not to be shown.
    private let hidden: [[UInt8]]
    private let hiddenGlobs: [Glob]
    /// What was found last, in the order of names.
    private(set) var matches: [Match] = []
    /// Whether there were more than the limit.
    private(set) var isCut = false

    init(_ globs: [Glob], hidden: Set<String>, hiddenGlobs: [Glob] = []) {
        self.globs = globs
        self.hiddenGlobs = hiddenGlobs
        self.hidden = hidden.map { Array($0.utf8) }
        if !globs.isEmpty { matches.reserveCapacity(Self.limit + 2) }
    }

    var isEmpty: Bool { globs.isEmpty }

    /// Looks for matches in a message's attributes.
    ///
    /// - Parameters:
    ///   - others: those of its resource, which do not count where the message has an attribute of the same name.
    ///   - most: how many are kept; one more than the limit for what will be `others`, so that no excess goes unnoticed.
    mutating func find(
        _ bytes: Span<UInt8>, message: ByteRange, attributes: UInt32, others: [Match] = [], most: Int = limit
    ) {
        matches.removeAll(keepingCapacity: true)
        isCut = false
        var fields = FieldCursor(bytes, message)
        while let field = fields.next() {
            guard field.number == attributes, case .bytes(let pair) = field.value else { continue }
            var match = Match(name: .empty, value: .empty)
            var parts = FieldCursor(bytes, pair)
            while let part = parts.next() {
                if part.number == 1 { match.name = part.payload }
                if part.number == 2 { match.value = part.payload }
            }
            guard isWanted(bytes, match.name) else { continue }
            // A resource's are compared with every span.
            if match.name.count + match.value.count > Self.longest { isCut = true } else { insert(match, most, bytes) }
        }
        for other in others { insert(other, most, bytes) }
    }

    private func isWanted(_ bytes: Span<UInt8>, _ name: ByteRange) -> Bool {
        guard !name.isEmpty, globs.contains(where: { $0.matches(bytes, name) }) else { return false }
        for own in hidden where areEqual(bytes.extracting(name.range), own.span) { return false }
        return !hiddenGlobs.contains { $0.matches(bytes, name) }
    }

    /// Puts a match in its place by its name, of which the first one counts.
    private mutating func insert(_ match: Match, _ most: Int, _ bytes: Span<UInt8>) {
        var place = matches.count
        while place > 0 {
            let order = compare(bytes, match.name, matches[place - 1].name)
            if order == 0 { return }
            if order > 0 { break }
            place -= 1
        }
        matches.insert(match, at: place)
        if matches.count > most {
            matches.removeLast()
            isCut = true
        }
    }

    /// Below 0 when the left name comes first.
    private func compare(_ bytes: Span<UInt8>, _ left: ByteRange, _ right: ByteRange) -> Int {
        var offset = 0
        while offset < left.count, offset < right.count {
            let (own, other) = (bytes[left.start + offset], bytes[right.start + offset])
            if own != other { return own < other ? -1 : 1 }
            offset += 1
        }
        return left.count - right.count
    }

    // MARK: What tells series apart

    /// How many there are, and whether that is all.
    private var number: UInt64 { UInt64(matches.count) | (isCut ? 1 << 32 : 0) }

    func append(to identity: inout SeriesIdentity, _ bytes: Span<UInt8>) {
        if isEmpty { return }
        identity.append(number)
        for match in matches {
            identity.append(bytes, match.name)
            identity.append(bytes, match.value)
        }
    }

    func labels(_ bytes: Span<UInt8>) -> [SeriesLabel] {
        matches.map { match in
            SeriesLabel(
                name: text(bytes, match.name), value: LabelValue(bytes: match.value.range.map { bytes[$0] }),
                budgetKey: 0, nameHash: LabelValue.hash(bytes, match.name))
        }
    }
}

import OTLPWire

/// A pattern of attribute names, with the signs that the OpenTelemetry Collector's globs have: `*` (and `**`) for anything,
/// `?` for one character, `[a-z]` and `[!a-z]` for one of some, `{a,b}` for one of several texts, `\` before a sign that
/// stands for itself.
///
/// Matching takes time linear in the name for each `*`, never exponential: names are what senders say.
struct Glob: Sendable, Hashable {
    private enum Sign: Sendable, Hashable {
        case byte(UInt8)
        case anyCharacter
        case anything
        case one(of: [ClosedRange<UInt8>], isNegated: Bool)
    }

    let text: String
    /// The patterns without braces; one of them must match.
    private var alternatives: [[Sign]]

    /// How many patterns braces may make of one.
    private static let alternativeLimit = 64

    /// Nil for a pattern that is empty, that has brackets without end, or with too many alternatives.
    init?(_ text: String) {
        self.text = text
        guard !text.isEmpty, let patterns = Self.expanded(Array(text.utf8)[...]) else { return nil }
        alternatives = []
        for pattern in patterns {
            guard let signs = Self.signs(pattern) else { return nil }
            alternatives.append(signs)
        }
    }

    func matches(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        return matches(bytes.span, ByteRange(0, bytes.count))
    }

    func matches(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        alternatives.contains { Self.matches($0, bytes, range) }
    }

    private static func matches(_ signs: [Sign], _ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        var position = range.start
        var sign = 0
        // Where to go on when it does not match: behind the last `*`, one character later than before.
        var retry: (sign: Int, position: Int)?
        while position < range.end {
            if sign < signs.count, signs[sign] == .anything {
                sign += 1
                retry = (sign, position)
            } else if sign < signs.count, let next = step(signs[sign], bytes, position, range.end) {
                sign += 1
                position = next
            } else if let last = retry {
                retry = (last.sign, last.position + 1)
                sign = last.sign
                position = last.position + 1
            } else {
                return false
            }
        }
        return signs[sign...].allSatisfy { $0 == .anything }
    }

    /// The position behind what a sign matches; nil when it does not.
    private static func step(_ sign: Sign, _ bytes: Span<UInt8>, _ position: Int, _ end: Int) -> Int? {
        let byte = bytes[position]
        switch sign {
        case .byte(let own): return byte == own ? position + 1 : nil
        case .one(let ranges, let isNegated):
            guard ranges.contains(where: { $0.contains(byte) }) != isNegated else { return nil }
            return isNegated ? endOfCharacter(bytes, position, end) : position + 1
        case .anyCharacter: return endOfCharacter(bytes, position, end)
        case .anything: return nil
        }
    }

    private static func endOfCharacter(_ bytes: Span<UInt8>, _ position: Int, _ end: Int) -> Int {
        var next = position + 1
        while next < end, bytes[next] & 0xc0 == 0x80 { next += 1 }
        return next
    }

    // MARK: Reading

    /// The pattern with each choice of its outermost and inner braces.
    private static func expanded(_ pattern: ArraySlice<UInt8>) -> [[UInt8]]? {
        guard let open = index(of: "{", in: pattern) else { return [Array(pattern)] }
        var depth = 0
        var starts = [open + 1]
        var position = open
        while position < pattern.endIndex {
            switch pattern[position] {
            case UInt8(ascii: "\\"): position += 1
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: ","): if depth == 1 { starts.append(position + 1) }
            case UInt8(ascii: "}"):
                depth -= 1
                if depth == 0 {
                    return joined(pattern[..<open], pattern, starts, end: position)
                }
            default: break
            }
            position += 1
        }
        return nil
    }

    private static func joined(
        _ front: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>, _ starts: [Int], end: Int
    ) -> [[UInt8]]? {
        var all: [[UInt8]] = []
        let ends = starts.dropFirst().map { $0 - 1 } + [end]
        for (start, stop) in zip(starts, ends) {
            let one = Array(front + pattern[start..<stop] + pattern[(end + 1)...])
            guard let more = expanded(one[...]), all.count + more.count <= alternativeLimit else { return nil }
            all += more
        }
        return all
    }

    /// The first unescaped sign outside of brackets.
    private static func index(of sign: Unicode.Scalar, in pattern: ArraySlice<UInt8>) -> Int? {
        var position = pattern.startIndex
        var isBracketed = false
        while position < pattern.endIndex {
            let byte = pattern[position]
            if byte == UInt8(ascii: "\\") {
                position += 1
            } else if byte == UInt8(ascii: "[") {
                isBracketed = true
            } else if byte == UInt8(ascii: "]") {
                isBracketed = false
            } else if !isBracketed, byte == UInt8(ascii: sign) {
                return position
            }
            position += 1
        }
        return nil
    }

    private static func signs(_ pattern: [UInt8]) -> [Sign]? {
        var signs: [Sign] = []
        var position = 0
        while position < pattern.count {
            let byte = pattern[position]
            position += 1
            switch byte {
            case UInt8(ascii: "*"): if signs.last != .anything { signs.append(.anything) }
            case UInt8(ascii: "?"): signs.append(.anyCharacter)
            case UInt8(ascii: "\\"):
                guard position < pattern.count else { return nil }
                signs.append(.byte(pattern[position]))
                position += 1
            case UInt8(ascii: "["):
                guard let end = pattern[position...].firstIndex(of: UInt8(ascii: "]")), end > position,
                    let sign = choice(pattern[position..<end])
                else { return nil }
                signs.append(sign)
                position = end + 1
            default: signs.append(.byte(byte))
            }
        }
        return signs
    }

    /// What stands in brackets: characters of ASCII and ranges of them.
    private static func choice(_ text: ArraySlice<UInt8>) -> Sign? {
        var rest = text
        let isNegated = rest.first == UInt8(ascii: "!")
        if isNegated { rest.removeFirst() }
        var ranges: [ClosedRange<UInt8>] = []
        while let low = rest.popFirst() {
            var high = low
            if rest.count > 1, rest.first == UInt8(ascii: "-") {
                rest.removeFirst()
                high = rest.removeFirst()
            }
            guard low <= high, high < 0x80 else { return nil }
            ranges.append(low...high)
        }
        return ranges.isEmpty ? nil : .one(of: ranges, isNegated: isNegated)
    }
}

/// Finds labels in their text form: `name="value",`, names in quotes or not. What it finds is still escaped.
struct LabelReader {
    var position: Int
    private(set) var name = 0..<0
    private(set) var value = 0..<0

    /// Moves to the next label; false when there is none.
    mutating func next(_ text: borrowing [UInt8]) -> Bool {
        guard position < text.count, text[position] != UInt8(ascii: "}") else { return false }
        if text[position] == .quote {
            name = quoted(text)
        } else {
            let start = position
            while position < text.count, text[position] != UInt8(ascii: "=") { position += 1 }
            name = start..<position
        }
        // The equals sign.
        position += 1
        guard position < text.count, text[position] == .quote else { return false }
        value = quoted(text)
        if position < text.count, text[position] == .comma { position += 1 }
        return true
    }

    /// What is between the quotes, the first of which is at `position`.
    private mutating func quoted(_ text: borrowing [UInt8]) -> Range<Int> {
        let start = position + 1
        position = start
        while position < text.count, text[position] != .quote {
            position += text[position] == .backslash ? 2 : 1
        }
        let end = min(position, text.count)
        position = end + 1
        return start..<end
    }
}

/// Takes off the escaping of text formats, byte by byte.
func forEachUnescaped(_ text: borrowing [UInt8], _ range: Range<Int>, _ take: (UInt8) -> Void) {
    var position = range.lowerBound
    while position < range.upperBound {
        var byte = text[position]
        if byte == .backslash, position + 1 < range.upperBound {
            position += 1
            byte = text[position] == UInt8(ascii: "n") ? .lineFeed : text[position]
        }
        take(byte)
        position += 1
    }
}

extension Array where Element == UInt8 {
    /// The bytes of a range without the escaping of text formats.
    func unescapedLabel(_ range: Range<Int>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(range.count)
        forEachUnescaped(self, range) { result.append($0) }
        return result
    }
}

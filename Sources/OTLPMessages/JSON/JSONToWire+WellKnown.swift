extension JSONToWire {
    /// Reads a `google.protobuf.Any`: an object with the type's URL under `@type`, beside the fields of that type.
    ///
    /// A type that is not in `proto/` keeps its URL, and its bytes if they are given as base64 under `value` (the form
    /// we write such details in); other members of it are skipped.
    mutating func any(_ message: Int, depth: Int) throws(JSONFault) {
        guard cursor.peek() == UInt8(ascii: "{") else { throw cursor.unexpected("an object") }
        let start = cursor.position
        let (url, value) = try membersOfAny()
        if url.isEmpty { return }
        draft.field(1, url)
        let name = url.split(separator: UInt8(ascii: "/")).last.map { String(decoding: $0, as: UTF8.self) }
        if let inner = name.flatMap({ schema.message(named: $0) }), schema.messages[inner].form == .object {
            cursor.position = start
            let mark = draft.open(2)
            // To the message inside, "@type" is one more unknown name. This ends where the first pass did.
            try object(inner, depth: depth + 1)
            draft.close(mark)
        } else if let value {
            var bytes: [UInt8] = []
            guard Base64.decode(value.span, { bytes.append($0) }) else { return }
            draft.field(2, bytes)
        }
    }

    /// Moves past an Any and returns what it has under `@type` and, when a string, under `value`.
    private mutating func membersOfAny() throws(JSONFault) -> (url: [UInt8], value: [UInt8]?) {
        var url: [UInt8] = []
        var value: [UInt8]?
        try cursor.expect(UInt8(ascii: "{"), "an object")
        if cursor.consume(UInt8(ascii: "}")) { return (url, value) }
        repeat {
            let name = cursor.unescaped(try cursor.string())
            try cursor.expect(UInt8(ascii: ":"), "':' after a name")
            if name.elementsEqual("@type".utf8) {
                url = cursor.unescaped(try cursor.string())
            } else if name.elementsEqual("value".utf8), cursor.peek() == UInt8(ascii: "\"") {
                value = cursor.unescaped(try cursor.string())
            } else {
                try cursor.skipValue()
            }
        } while cursor.consume(UInt8(ascii: ","))
        try cursor.expect(UInt8(ascii: "}"), "',' or '}'")
        return (url, value)
    }

    /// Reads a `google.protobuf.Duration`: seconds with up to nine decimals and the letter s, in a string.
    mutating func duration() throws(JSONFault) {
        let start = cursor.position
        let text = cursor.unescaped(try cursor.string())
        guard let (seconds, nanoseconds) = Self.parseDuration(text) else {
            throw JSONFault(offset: start, problem: "expected a duration such as \"1.5s\"")
        }
        if seconds != 0 {
            draft.tag(1, .varint)
            draft.varint(UInt64(bitPattern: seconds))
        }
        if nanoseconds != 0 {
            draft.tag(2, .varint)
            draft.varint(UInt64(bitPattern: nanoseconds))
        }
    }

    private static func parseDuration(_ text: [UInt8]) -> (seconds: Int64, nanoseconds: Int64)? {
        guard text.last == UInt8(ascii: "s") else { return nil }
        var digits = text.dropLast()
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative { digits = digits.dropFirst() }
        let parts = digits.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        // Twelve digits cover the 10 000 years the type is defined for.
        guard let whole = parts.first, let seconds = number(whole, digits: 1...12) else { return nil }
        var nanoseconds: Int64 = 0
        if parts.count == 2 {
            guard let fraction = number(parts[1], digits: 1...9) else { return nil }
            nanoseconds = fraction
            for _ in parts[1].count..<9 { nanoseconds *= 10 }
        }
        return isNegative ? (-seconds, -nanoseconds) : (seconds, nanoseconds)
    }

    private static func number(_ text: ArraySlice<UInt8>, digits: ClosedRange<Int>) -> Int64? {
        guard digits.contains(text.count) else { return nil }
        var value: Int64 = 0
        for byte in text {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return value
    }
}

import OTLPWire
import Testing

/// The edit primitive.
@Suite struct SpliceTests {
    /// Messages in each other, `depth` of them, with a string on each level before and behind the inner message.
    private func nested(_ depth: Int, _ innermost: Bytes, size: Int = 1) -> Bytes {
        guard depth > 0 else { return innermost }
        let inner = nested(depth - 1, innermost, size: size)
        return field(2, "before") + tag(1, 2) + varint(UInt64(inner.count), size: size) + inner + field(3, "behind")
    }

    private func inner(of range: ByteRange, _ bytes: Bytes) -> ByteRange? { payload(of: 1, in: range, bytes.span) }

    /// The payloads of `nested`, outermost first, and the range of the innermost message.
    private func payloads(_ bytes: Bytes, _ depth: Int) throws -> [ByteRange] {
        var ranges: [ByteRange] = []
        var range = ByteRange(0, bytes.count)
        for _ in 0..<depth {
            range = try #require(inner(of: range, bytes))
            ranges.append(range)
        }
        return ranges
    }

    @Test("Lengths of every depth follow, also when they change their own size", arguments: 0..<8)
    func depths(depth: Int) throws {
        for oldSize in [0, 1, 90, 100, 120, 127, 128, 300, 16_200, 16_384] {
            let bytes = nested(depth, field(7, Bytes(repeating: 1, count: oldSize)))
            let enclosing = try payloads(bytes, depth)
            let innermost = enclosing.last ?? ByteRange(0, bytes.count)
            for newSize in [0, 1, 100, 127, 128, 129, 16_300, 16_384, 20_000] {
                let new = field(7, Bytes(repeating: 2, count: newSize))
                let output = splice(bytes.span, edits: [Edit(innermost, new)], enclosing: enclosing.shuffled())
                #expect(output == nested(depth, new))
                let removed = splice(bytes.span, edits: [Edit(innermost, [])], enclosing: enclosing)
                #expect(removed == nested(depth, []))
            }
        }
    }

    @Test("Long-form lengths are found in full and written short, unless nothing changes")
    func longForm() throws {
        let bytes = nested(3, field(7, "old"), size: 5)
        let enclosing = try payloads(bytes, 3)
        let innermost = try #require(enclosing.last)
        let output = splice(bytes.span, edits: [Edit(innermost, field(7, "newer"))], enclosing: enclosing)
        #expect(output == nested(3, field(7, "newer")))
        let same = splice(bytes.span, edits: [Edit(innermost, field(7, "new"))], enclosing: enclosing)
        #expect(same == nested(3, field(7, "new"), size: 5))
    }

    @Test("Several edits in several messages, in any order, with insertions at either end of a message")
    func several() throws {
        let bytes = field(1, field(1, "aaa") + field(1, "bbb")) + field(5, "between") + field(1, field(1, "ccc"))
        let outer = try #require(naiveFields(bytes)).map(\.whole.count)
        let first = ByteRange(2, outer[0])
        let second = ByteRange(outer[0] + outer[1] + 2, bytes.count)
        let between = ByteRange(outer[0], outer[0] + outer[1])
        let edits = [
            Edit(ByteRange(first.start, first.start), field(9, "x")), Edit(ByteRange(first.start, first.start + 5), []),
            Edit(ByteRange(first.end, first.end), field(9, "y")), Edit(between, field(5, "")),
            Edit(ByteRange(second.start + 2, second.end), Bytes("cCc".utf8)),
        ]
        let expected =
            field(1, field(9, "x") + field(1, "bbb") + field(9, "y")) + field(5, "") + field(1, field(1, "cCc"))
        for _ in 0..<10 {
            // Insertions come before a cut that begins at the same place, however they are listed.
            #expect(splice(bytes.span, edits: edits.shuffled(), enclosing: [second, first]) == expected)
        }
    }

    @Test("Without edits, and around messages without edits, nothing changes")
    func nothing() throws {
        let bytes = nested(4, field(7, "x"), size: 3)
        let enclosing = try payloads(bytes, 4)
        #expect(splice(bytes.span, edits: [], enclosing: enclosing) == bytes)
        #expect(splice(bytes.span, edits: [], enclosing: []) == bytes)
        let appended = splice(bytes.span, edits: [Edit(ByteRange(bytes.count, bytes.count), [1])], enclosing: enclosing)
        #expect(appended == bytes + [1])
        let none: Bytes = []
        #expect(splice(none.span, edits: [Edit(.empty, [5])], enclosing: []) == [5])
    }

    @Test("Ten thousand edits in ten thousand messages take no more than a sweep")
    func many() {
        let part = field(1, field(2, "xyz"))
        let bytes = [Bytes](repeating: part, count: 10_000).flatMap(\.self)
        let payloads = (0..<10_000).map { ByteRange($0 * part.count + 2, ($0 + 1) * part.count) }
        let output = splice(bytes.span, edits: payloads.map { Edit($0, []) }, enclosing: payloads)
        #expect(output == [Bytes](repeating: field(1, []), count: 10_000).flatMap(\.self))
    }
}

import OTLPWire
import Testing

/// The identity of a series: equal for the same attributes in any order, different for anything else.
@Suite struct SeriesKeyTests {
    private func hash(_ attributes: [Bytes], number: UInt32 = 7) -> AttributeSetHash {
        let message = fixed64Field(3, 5) + attributes.flatMap { field(number, $0) } + fixed64Field(6, 9)
        return AttributeSetHash(message.span, message: ByteRange(0, message.count), fieldNumber: number)
    }

    private func key(_ resource: [Bytes], _ name: String, _ point: [Bytes]) -> SeriesKey {
        let bytes = Bytes(name.utf8)
        return SeriesKey(
            resource: hash(resource, number: 1), scope: scope([]), name: ByteRange(0, bytes.count), point: hash(point),
            bytes.span)
    }

    private func scope(_ fields: [Bytes]) -> ScopeHash {
        let message = fields.flatMap { $0 }
        return ScopeHash(message.span, scope: ByteRange(0, message.count))
    }

    @Test("Scopes are told apart by name, version and attributes in any order")
    func scopes() {
        let name = field(1, Bytes("net/http".utf8))
        let version = field(2, Bytes("1.2".utf8))
        let attributes = [field(3, attribute("a", "1")), field(3, attribute("b", "2"))]
        #expect(scope([name, version] + attributes) == scope(attributes.reversed() + [version, name]))
        #expect(scope([]) == scope([field(1, [])]))
        let different = [
            scope([]), scope([name]), scope([version]), scope([name, version]), scope([name] + attributes),
            scope([name, attributes[0]]), scope([field(2, Bytes("net/http".utf8))]),
        ]
        #expect(Set(different).count == different.count)
        let keys = different.map {
            SeriesKey(resource: hash([]), scope: $0, name: .empty, point: hash([]), Bytes().span)
        }
        #expect(Set(keys).count == keys.count)
    }

    @Test("The order of attributes does not matter, nor where in a message they stand")
    func order() {
        let attributes = (0..<6).map { attribute("key\($0)", "value\($0)") }
        for _ in 0..<20 {
            #expect(hash(attributes.shuffled()) == hash(attributes))
            #expect(key(attributes.shuffled(), "n", attributes.shuffled()) == key(attributes, "n", attributes))
        }
        #expect(hash([], number: 1) == hash([]))
    }

    @Test("Attributes, names and which side an attribute stands on all matter")
    func differences() {
        let a = attribute("a", "1")
        let b = attribute("b", "2")
        let keys = [
            key([a], "n", [b]), key([b], "n", [a]), key([a], "m", [b]), key([a, b], "n", []), key([], "n", [a, b]),
            key([], "n", []), key([], "", []), key([a], "n", [attribute("b", "3")]), key([a], "n", [b, b]),
            key([a], "n", []), key([a], "", [b]), key([attribute("a1", "")], "n", [b]), key([a], "n\0", [b]),
        ]
        #expect(Set(keys).count == keys.count)
    }

    @Test("A hundred thousand series of similar names have as many keys, in each half")
    func collisions() {
        var keys: Set<SeriesKey> = []
        var high: Set<UInt64> = []
        var low: Set<UInt64> = []
        for number in 0..<100_000 {
            let message = field(7, attribute("k", "\(number)"))
            let point = AttributeSetHash(message.span, message: ByteRange(0, message.count), fieldNumber: 7)
            let key = SeriesKey(resource: hash([]), scope: scope([]), name: .empty, point: point, message.span)
            keys.insert(key)
            high.insert(key.high)
            low.insert(key.low)
        }
        #expect(keys.count == 100_000 && high.count == 100_000 && low.count == 100_000)
    }

    @Test("A hash depends on each byte, on the length and on its key")
    func keyedHashes() {
        // Keys are random in use; neighbouring ones must do.
        let keys: [UInt64] = [0x243f_6a88_85a3_08d3, 0x243f_6a88_85a3_08d5]
        var seen: Set<UInt64> = []
        for length in 0...40 {
            let bytes = Bytes(repeating: 0, count: length)
            for key in keys { seen.insert(keyedHash(bytes.span, ByteRange(0, length), key)) }
            for position in 0..<length {
                var changed = bytes
                changed[position] = 1
                seen.insert(keyedHash(changed.span, ByteRange(0, length), keys[0]))
            }
        }
        #expect(seen.count == 41 * 2 + (0...40).reduce(0, +))
    }

    @Test("A hash is the same wherever the bytes stand, also at the very end")
    func places() {
        for length in 0...40 {
            let value = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            let alone = keyedHash(value.span, ByteRange(0, length), 5)
            for (front, behind) in [(0, 1), (3, 0), (3, 5), (8, 20)] {
                let bytes = Bytes(repeating: 9, count: front) + value + Bytes(repeating: 7, count: behind)
                #expect(keyedHash(bytes.span, ByteRange(front, front + length), 5) == alone)
            }
        }
    }
}

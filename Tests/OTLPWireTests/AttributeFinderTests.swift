import OTLPWire
import Testing

@Suite struct AttributeFinderTests {
    /// What the finder must find: the first attribute with the key, its last key and value counting, as in any message.
    private func expected(_ message: Bytes, _ key: String) -> Bytes? {
        let bytes = message.span
        var fields = FieldCursor(bytes, ByteRange(0, message.count))
        while let field = fields.next() {
            guard field.number == 9, case .bytes(let pair) = field.value else { continue }
            if payload(of: 1, in: pair, bytes).map({ text(bytes, $0) }) == key {
                return (payload(of: 2, in: pair, bytes) ?? .empty).range.map { message[$0] }
            }
        }
        return nil
    }

    private func check(_ message: Bytes, _ keys: [String]) {
        var finder = AttributeFinder(keys: keys)
        // What was found in another message is forgotten.
        let other = field(9, attribute(keys[0], "other"))
        _ = finder.find(other.span, message: ByteRange(0, other.count), attributes: 9, name: 5)
        let name = finder.find(message.span, message: ByteRange(0, message.count), attributes: 9, name: 5)
        #expect(text(message.span, name) == "n")
        for (key, value) in zip(keys, finder.values) {
            let found = value.map { $0.range.map { message[$0] } }
            #expect(found == expected(message, key), "\(key) in \(hexadecimalText(message))")
        }
    }

    @Test("Attributes are found by their whole keys, wherever they stand")
    func keys() {
        let long = String(repeating: "k", count: 127)
        let keys = [
            "a", "http.route", "http.route.x", "exactly8", "absent", "http.route", long, long + "k", long + "kk",
        ]
        let present = keys.filter { $0 != "absent" }.map { field(9, attribute($0, "value of \($0)")) }
        let near = ["b", "http.routf", "Http.route", "exactly9", String(repeating: "l", count: 128)]
            .map { field(9, attribute($0, "not this")) }
        var random = SplitMix64(seed: 3)
        for _ in 0..<50 {
            let fields = (present + near + [field(5, "n"), varintField(6, 2), fixed64Field(7, 1)])
                .shuffled(using: &random)
            check(fields.reduce([], +), keys)
        }
    }

    @Test("The first of several attributes with a key is the one")
    func repeated() {
        check(field(5, "n") + field(9, attribute("key", "first")) + field(9, attribute("key", "second")), ["key"])
    }

    @Test("A KeyValue may have any form: the value first, fields that nobody knows, empty")
    func forms() {
        let value = field(2, field(1, "v"))
        let key = field(1, "key")
        for pair in [
            value + key, key + value, varintField(9, 300) + key + value, key + varintField(9, 300) + value,
            key + value + fixed64Field(4, 1), key + field(2, []), key, value, [], field(1, "") + value,
        ] {
            check(field(5, "n") + field(9, pair), ["key"])
        }
    }
}

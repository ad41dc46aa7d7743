import CollectorCore
import Testing

@Suite struct JSONValueTests {
    @Test func `a document keeps the order of its members`() {
        let document = JSONValue.object([
            ("b", .array([.integer(-1), .bool(true), .bool(false), .null])), ("a", .object([])), ("c", .array([])),
            ("d", .optional(nil)), ("e", .optional("x")),
        ])
        #expect(document.text == #"{"b":[-1,true,false,null],"a":{},"c":[],"d":null,"e":"x"}"#)
    }

    @Test(arguments: [
        (412.0, "412"), (0.25, "0.25"), (-0.5, "-0.5"), (0.01, "0.01"), (1e300, "1e+300"), (.nan, "null"),
        (.infinity, "null"), (-.infinity, "null"),
    ])
    func `numbers are what JSON can say`(_ value: Double, _ expected: String) {
        #expect(JSONValue.number(value).text == expected)
    }

    @Test(arguments: [
        ("a\"b\\c", #""a\"b\\c""#), ("1\n2\r3\t4", #""1\n2\r3\t4""#),
        ("\u{0}\u{1B}[31m\u{7F}\u{9B}", #""\u0000\u001b[31m\u007f\u009b""#), ("é\u{1F426}/", "\"é\u{1F426}/\""),
        ("\r\n", #""\r\n""#),
    ])
    func `strings end where they should, whatever is in them`(_ value: String, _ expected: String) {
        #expect(JSONValue.string(value).text == expected)
        #expect(JSONValue.object([(value, .null)]).text == "{\(expected):null}")
    }
}

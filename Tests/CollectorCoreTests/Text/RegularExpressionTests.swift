import CollectorCore
import OTLPWire
import Testing

@Suite struct RegularExpressionTests {
    @Test(arguments: [
        ("GET", "a GET b", true), ("^GET ", "GET /cart", true), ("^GET ", "a GET b", false), ("cart$", "/cart", true),
        ("cart$", "/cart\n", false), ("", "", true), ("", "anything", true), ("a", "", false), ("^$", "", true),
        ("a.b", "a\nb", false), ("(?s)a.b", "a\nb", true), ("(?i)get", "GeT", true), (#"^\d{3}$"#, "404", true),
        (#"\bretry\b"#, "a retry!", true), ("(?m)^b$", "a\nb\nc", true), ("^b$", "a\nb\nc", false),
    ])
    func `An expression matches anywhere in the text, as Go's does`(pattern: String, text: String, expected: Bool)
        throws
    {
        #expect(try RegularExpression(pattern).matches(text) == expected)
    }

    @Test(arguments: [
        ("^.$", "é", true), ("^.$", "🐦", true), (#"^\p{Greek}+$"#, "αβγ", true), ("É", "é", false),
        ("(?i)É", "é", true), ("^[^a]{2}$", "世界", true),
    ])
    func `A character is a code point, not a byte`(pattern: String, text: String, expected: Bool) throws {
        #expect(try RegularExpression(pattern).matches(text) == expected)
    }

    @Test func `NUL is a character like others, in patterns and in texts`() throws {
        #expect(try RegularExpression("b$").matches("a\0b"))
        #expect(try RegularExpression("a\0b").matches("xa\0by"))
        #expect(try !RegularExpression("a\0b").matches("a"))
        #expect(try RegularExpression(#"^a\x00+b$"#).matches("a\0\0b"))
    }

    @Test(arguments: [
        ("^GET /cart$", ByteRange(2, 11), true), ("^GET /cart$", ByteRange(2, 12), false),
        ("^$", ByteRange(5, 5), true),
    ])
    func `Ranges are matched in place, with anchors at their ends`(
        pattern: String, range: ByteRange, expected: Bool
    ) throws {
        let bytes = Array("xxGET /cartxx".utf8)
        let isMatch = try RegularExpression(pattern).matches(in: bytes.span, range)
        #expect(isMatch == expected)
    }

    @Test(arguments: [ByteRange(1, 4), ByteRange(2, 1)])
    func `Ranges that are not within the bytes do not match`(range: ByteRange) throws {
        let bytes = Array("abc".utf8)
        let isMatch = try RegularExpression("").matches(in: bytes.span, range)
        #expect(!isMatch)
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [#"(a+)+$"#, #"(a|aa)+$"#, #"(.*)*b"#, #"^(([a-z])+.)+[A-Z]([a-z])+$"#, "(a?){500}a{500}c"])
    func `Patterns that make backtracking engines run for ever take linear time`(pattern: String) throws {
        let hostile = String(repeating: "a", count: 200_000) + "!"
        #expect(try !RegularExpression(pattern).matches(hostile))
    }

    @Test(arguments: [
        ("(a", "missing ): (a"), ("a)", "unexpected ): a)"), ("[a", "missing ]: [a"),
        ("*a", "no argument for repetition operator: *"),
        ("a**", "bad repetition operator: **"), (#"a\"#, #"trailing \"#),
        (#"\y"#, #"invalid escape sequence: \y"#),
        ("(?=a)", "invalid perl operator: (?="), ("a{2000}", "invalid repetition size: {2000}"),
        ("[z-a]", "invalid character class range: z-a"), (#"(a)\1"#, #"invalid escape sequence: \1"#),
    ])
    func `A bad pattern is refused with what is wrong and where`(pattern: String, reason: String) {
        let error = #expect(throws: RegularExpressionError.self) { try RegularExpression(pattern) }
        #expect(error?.reason == reason)
        #expect(error?.description == "`\(pattern)` is no regular expression: \(reason)")
    }

    @Test(arguments: [
        (#"((\pL{100}){10}){10}"#, "invalid repetition size: {10}"),
        (#"(\pL{500}\pN{400}\pL{900})\pL{900}"#, "pattern too large - compile failed"),
    ])
    func `A pattern whose program would take too much memory is refused`(pattern: String, reason: String) {
        let error = #expect(throws: RegularExpressionError.self) { try RegularExpression(pattern) }
        #expect(error?.reason == reason)
    }

    @Test func `Threads share an expression`() async throws {
        let expression = try RegularExpression("^/cart/[0-9]+/(items|total)$")
        let texts = (0..<200).map { "/cart/\($0)/items" } + (0..<200).map { "/cart/\($0)x/items" }
        let matched = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { texts.count { expression.matches($0) } } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(matched == Array(repeating: 200, count: 8))
    }
}

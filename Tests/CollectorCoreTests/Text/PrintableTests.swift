import CollectorCore
import Testing

@Suite struct PrintableTests {
    @Test(arguments: [
        ("plain é 鳥", "plain é 鳥"), ("a\nb\r\nc\td", #"a\nb\r\nc\td"#),
        ("\u{1B}[2J\u{7F}\u{9B}", #"\u{1b}[2J\u{7f}\u{9b}"#),
        ("x\u{202E}y\u{200B}z", #"x\u{202e}y\u{200b}z"#), ("\u{2028}\u{2029}", #"\u{2028}\u{2029}"#), ("", ""),
    ])
    func `what would act on a terminal is spelled out`(_ text: String, _ expected: String) {
        #expect(text.printable == expected)
    }

    @Test func `what is repeated in a message stays short`() {
        #expect("abc".clipped(to: 3) == "abc")
        #expect("abcd".clipped(to: 3) == "abc…")
    }
}

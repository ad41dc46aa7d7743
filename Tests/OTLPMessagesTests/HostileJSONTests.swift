import OTLPMessages
import Testing

/// Conformance 59: text that is broken or meant to break is refused or read, and never costs more than it should.
struct HostileJSONTests {
    @Test(
        "text that is not JSON is refused, with the offset of what is wrong",
        arguments: [
            ("", 0), (" ", 1), ("{", 1), ("[]", 0), ("null", 0), ("\"\"", 0), ("{}x", 2), ("{} {}", 3), ("{},", 2),
            ("{\"a\"}", 4),
            ("{\"a\":}", 5), ("{\"a\":1,}", 7), ("{,}", 1), ("{\"a\":[1,]}", 8), ("{\"a\":[1 2]}", 8),
            ("{\"a\":nul}", 5),
            ("{\"a\":truth}", 5), ("{'a':1}", 1), ("{a:1}", 1), ("{\"a\":01}", 5), ("{\"a\":-}", 5), ("{\"a\":1.}", 5),
            ("{\"a\":.5}", 5), ("{\"a\":1e}", 5), ("{\"a\":+1}", 5), ("{\"a\":NaN}", 5), ("{\"a\":\"\t\"}", 6),
            ("{\"a\":\"\\x\"}", 6), ("{\"a\":\"\\u12g4\"}", 6), ("{\"a\":\"abc", 5), ("{\"a\":\"\\", 6), ("/**/{}", 0),
            ("\u{FEFF}{}", 0), ("{}\0", 2),
        ])
    func notJSON(text: String, offset: Int) {
        #expect(problem(text)?.offset == offset)
        #expect(problem(text)?.reason == .malformed)
    }

    @Test(
        "half a surrogate pair is refused, in values, in names and in unknown members",
        arguments: [
            #"\ud800"#, #"\udc00"#, #"\ud800x"#, #"\ud800\u0041"#, #"\udc00\ud800"#, #"\ud800\ud800"#, #"\uD83D\n"#,
        ])
    func loneSurrogates(escape: String) {
        #expect(problem(span(#""name":"\#(escape)""#))?.problem.contains("surrogate") == true)
        #expect(problem(#"{"\#(escape)":1}"#)?.problem.contains("surrogate") == true)
        #expect(problem(#"{"unknown":["\#(escape)"]}"#)?.problem.contains("surrogate") == true)
    }

    @Test("escapes, pairs, NUL and raw UTF-8 are read as what they stand for")
    func escapes() throws {
        let json = span(#""name":"\"\\\/\b\f\n\r\t\u0000\u00e9\ud83d\ude00é😀""#)
        #expect(try roundTrip(json) == span("\"name\":\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\\u0000é😀é😀\""))
        #expect(try roundTrip(#"{"\u0072esourceSpans":[{}]}"#) == #"{"resourceSpans":[{}]}"#)
    }

    @Test("bytes that are not UTF-8 are refused, also where they would be skipped")
    func invalidUTF8() {
        for broken: [UInt8] in [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80]] {
            let json = Array(#"{"unknown":""#.utf8) + broken + Array(#""}"#.utf8)
            let error = #expect(throws: JSONDecodingError.self) {
                try wire(json)
            }
            #expect(error?.offset == 12)
        }
    }

    @Test("a name given twice is refused, an unknown one is not")
    func duplicateNames() throws {
        #expect(problem(span(#""name":"a","name":"b""#))?.problem == "given twice in one object; leave one out")
        #expect(problem(span(#""name":null,"name":"b""#)) != nil)
        #expect(try wire(#"{"x":1,"x":2}"#).isEmpty)
    }

    @Test("two members of one oneof are refused, and the error names both")
    func twoMembers() {
        let error = problem(attribute(#"{"stringValue":"a","intValue":1}"#))
        #expect(error?.path == "resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value.intValue")
        #expect(error?.problem == "stringValue is set too, and only one of the two may be")
    }

    @Test("an error says where it is, what is there and what would be right")
    func errorText() {
        #expect(
            problem(span(#""name":"n","startTimeUnixNano":"1.5""#))?.description
                == """
                resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano (byte 76): \
                expected an integer from 0 to 18446744073709551615, found 1.5
                """)
        #expect(problem("[]")?.description == "byte 0: expected an object, found an array")
    }

    @Test("60 lists inside each other are read, 300 are too deep")
    func nestedLists() throws {
        func nested(_ count: Int) -> String {
            attribute(
                String(repeating: #"{"arrayValue":{"values":["#, count: count) + #"{"stringValue":"x"}"#
                    + String(repeating: "]}}", count: count))
        }
        #expect(try roundTrip(nested(60)) == nested(60))
        #expect(problem(nested(300))?.reason == .tooDeep)
    }

    @Test("an unknown member that is a nesting bomb is too deep", arguments: ["[", "{\"a\":"])
    func nestingBomb(opening: String) {
        #expect(problem(#"{"x":"# + String(repeating: opening, count: 100_000))?.reason == .tooDeep)
    }

    @Test("a message over the limit is refused as too large, one at the limit is read")
    func sizeLimit() throws {
        let json = span(#""name":"\#(String(repeating: "x", count: 1000))""#)
        let size = try wire(json).count
        #expect(try wire(json, limit: size).count == size)
        #expect(problem(json, limit: size - 1)?.reason == .tooLarge)
        // Numbers grow most: two characters become eight bytes.
        let counts =
            #"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"bucketCounts":["#
            + String(repeating: "0,", count: 10_000) + "0]}]}}]}]}]}"
        #expect(problem(counts, .metricsRequest, limit: 50_000)?.reason == .tooLarge)
        #expect(try wire(counts, .metricsRequest).count > 80_000)
    }

    @Test("every prefix of a message is refused")
    func truncation() throws {
        let json = try golden("otlp-examples/metrics.json")
        let end = json.lastIndex(of: UInt8(ascii: "}")) ?? 0
        for length in 0..<end {
            #expect(throws: JSONDecodingError.self) {
                try wire(Array(json[..<length]), .metricsRequest)
            }
        }
    }

    @Test("mutated messages are refused, or read as a message that can be written again")
    func mutation() throws {
        var random = SeededGenerator(seed: 59)
        let tokens = [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "null", "-", "1e9", "\\ud800", "\u{0}", "{}", "\"traceId\"",
        ]
        var accepted = 0
        for (name, kind) in [
            ("trace", MessageKind.tracesRequest), ("metrics", .metricsRequest), ("logs", .logsRequest),
        ] {
            let original = try golden("otlp-examples/\(name).json")
            for _ in 0..<1500 {
                var json = original
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    let position = Int.random(in: 0..<json.count, using: &random)
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: json[position] = UInt8.random(in: 0...255, using: &random)
                    case 1: json.remove(at: position)
                    case 2: json.insert(contentsOf: (tokens.randomElement(using: &random) ?? "").utf8, at: position)
                    default:
                        let end = min(json.count, position + Int.random(in: 1...40, using: &random))
                        json.insert(contentsOf: json[position..<end], at: position)
                    }
                }
                guard let message = try? wire(json, kind) else { continue }
                accepted += 1
                let again = try wire(try text(message, kind), kind)
                #expect(try again == canonical(message, kind))
            }
        }
        // Changes inside strings and spaces are harmless; if none were, the test would prove nothing.
        #expect(accepted > 100)
    }
}

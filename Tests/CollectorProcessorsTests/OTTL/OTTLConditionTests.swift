import CollectorProcessors
import CollectorTestKit
import Testing

@Suite struct OTTLConditionTests {
    @Test(arguments: [
        ("end_time_unix_nano - start_time_unix_nano > 4000000000", true),
        ("end_time_unix_nano - start_time_unix_nano > 5000000000", false),
        (#"attributes["user.tier"] != nil and attributes["user.tier"] != """#, true),
        (#"attributes["user.level"] != nil and attributes["user.level"] != """#, false),
        (#"IsRootSpan() and resource.attributes["service.name"] == "frontend" and IsMatch(name, "^GET ")"#, true),
        (#"IsRootSpan() and resource.attributes["service.name"] == "backend" and IsMatch(name, "^GET ")"#, false),
        ("status.code == STATUS_CODE_ERROR and kind == SPAN_KIND_SERVER", true),
        ("status.code == STATUS_CODE_OK and kind == SPAN_KIND_SERVER", false),
        ("span.status.code == STATUS_CODE_ERROR and span.kind != SPAN_KIND_CLIENT", true),
        (#"attributes["http.status_code"] >= 500 and attributes["http.status_code"] < 600"#, true),
    ])
    func `Conditions of real configurations work on spans`(text: String, expected: Bool) throws {
        #expect(try evaluate(text) == expected)
    }

    @Test(arguments: [
        (#"name == "exception" and attributes["exception.type"] == "TimeoutError""#, true),
        (#"name == "retry""#, true),
        (#"name == "exception" and attributes["exception.type"] == "IOError""#, false),
        // One event has the name, another one the attribute.
        (#"name == "exception" and attributes["attempt"] == 2"#, false),
        (#"spanevent.name == "retry" and span.name == "GET /cart""#, true),
    ])
    func `Conditions of real configurations work on events: one event must fulfil all of it`(
        text: String, expected: Bool
    ) throws {
        #expect(try evaluate(text, .spanEvent) == expected)
    }

    @Test func `A span without events fulfils no event condition`() throws {
        let bare = OTTLFixture.request { $0.string(5, "bare") }
        #expect(try !evaluate("true", .spanEvent, bare))
    }

    @Test(arguments: [
        ("true or false and false", true), ("(true or false) and false", false),
        ("false and false or true", true), ("false and (false or true)", false),
        ("not false and false", false), ("not (false and false)", true), ("not not true", true),
        ("true and not false or false", true),
    ])
    func `and binds tighter than or, and not tighter than both`(text: String, expected: Bool) throws {
        #expect(try evaluate(text) == expected)
    }

    @Test(arguments: [
        ("2 + 3 * 4 == 14", true), ("(2 + 3) * 4 == 20", true), ("10 - 3 - 2 == 5", true), ("100 / 10 / 5 == 2", true),
        ("-2 * 3 == -6", true), ("2 - -3 == 5", true), ("1-2 == -1", true), ("-(1 + 2) == -3", true),
        ("not 1 + 1 == 3", true), ("7 / 2 == 3", true), ("-7 / 2 == -3", true), ("7 / 2.0 == 3.5", true),
        ("1.5 + 1 == 2.5", true), (".5 + .5 == 1", true), ("2.5e1 == 25", true), ("+3 == 3", true),
        ("-9223372036854775808 < 9223372036854775807", true), ("1 + 2 > 2 and 3 < 2 + 2", true),
    ])
    func `Arithmetic follows its precedence, from left to right`(text: String, expected: Bool) throws {
        #expect(try evaluate(text) == expected)
    }

    @Test(arguments: [
        (#""a\tb" == "a\x09b""#, true), (#""\x41\102\u0043\U00000044" == "ABCD""#, true), (#""é" == "\u00e9""#, true),
        (#""\"" == "\x22""#, true), (#""\\d" == "\x5cd""#, true),
        (#""\a\b\f\n\r\v" == "\x07\x08\x0c\x0a\x0d\x0b""#, true),
        ("0x0102 == 0x0102", true), ("0xAB == 0xab", true), ("0x01 < 0x0100", true), ("true == true", true),
        ("nil == nil", true), ("[1, \"a\"] == [1, \"a\"]", true), ("[] == []", true),
        ("[[1], [2]] == [[1], [2]]", true),
    ])
    func `Literals are read as Go reads them`(text: String, expected: Bool) throws {
        #expect(try evaluate(text) == expected)
    }

    @Test func `A boolean path or converter is a condition by itself`() throws {
        #expect(try evaluate(#"attributes["sampled"]"#))
        #expect(try evaluate(#"not attributes["sampled"] or true"#))
        #expect(try evaluate(#"IsString(attributes["user.tier"])"#))
        #expect(throws: OTTLEvaluationError.self) { try evaluate(#"attributes["user.tier"]"#) }
    }

    @Test func `The right side is not evaluated when the left side decides`() throws {
        #expect(try !evaluate(#"false and attributes["user.tier"] + 1 == 2"#))
        #expect(try evaluate(#"true or attributes["user.tier"] + 1 == 2"#))
    }

    @Test func `An event without an answer does not keep the others from being asked, unless the caller wants that`()
        throws
    {
        let text = #"attributes["attempt"] + 1 == 3"#
        #expect(try evaluate(text, .spanEvent))
        #expect(throws: OTTLEvaluationError.self) { try evaluate(text, .spanEvent, stopsAtFailure: true) }
        #expect(throws: OTTLEvaluationError.self) { try evaluate(#"attributes["attempt"] + 1 == 4"#, .spanEvent) }
    }

    @Test func `Line breaks and tabs are spaces`() throws {
        #expect(try evaluate("name == \"GET /cart\"\n\tand\r\n  kind\t==2"))
    }
}

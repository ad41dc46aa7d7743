import CollectorProcessors
import Testing

@Suite struct OTTLErrorTests {
    @Test(arguments: [
        ("", 1, "the condition is empty"), ("  ", 3, "the condition is empty"),
        (#"name = "a""#, 6, "`=` is not a comparison; did you mean `==`?"),
        (#"name == "a" && kind == 2"#, 13, "`&` is not OTTL; did you mean `and`?"),
        (#"nmae == "a""#, 1, "unknown path `nmae`; did you mean `name`?"),
        (
            #"kind == 2 and resource.atributes["a"] == 1"#, 15,
            "unknown path `resource.atributes`; did you mean `resource.attributes`?"
        ),
        ("duration > 5", 1, "unknown path `duration`; write `end_time_unix_nano - start_time_unix_nano` (nanoseconds)"),
        (#"spanevent.name == "a""#, 1, "`spanevent.name` is known in `spanevent` conditions only"),
        (#"isMatch(name, "a")"#, 1, "`isMatch` is no converter: their names begin with an upper-case letter"),
        (#"IsMach(name, "a")"#, 1, "unknown converter `IsMach`; did you mean `IsMatch`?"),
        (
            #"set(name, "a")"#, 1,
            "`set` is no converter: their names begin with an upper-case letter, such as `IsMatch`"
        ),
        ("kind == SPAN_KIND_SERVR", 9, "unknown enum `SPAN_KIND_SERVR`; did you mean `SPAN_KIND_SERVER`?"),
        ("IsRootSpan", 1, "the converter `IsRootSpan` needs its arguments in parentheses"),
        (#"name == "a"#, 9, #"this string has no closing `"`"#),
        (#"name == "a\"#, 11, #"this string has no closing `"`"#),
        (#"IsMatch(name, "\d")"#, 16, #"`\d` is no escape of Go's strings; a backslash itself is written `\\`"#),
        (#"IsMatch(name, "(a")"#, 15, "`(a` is no regular expression: missing ): (a"),
        (
            #"IsMatch(name, resource.schema_url)"#, 15,
            "the pattern of `IsMatch` must be a string literal: it is compiled once"
        ),
        (#"IsMatch(name)"#, 1, "`IsMatch` needs `pattern`; it is `IsMatch(target, pattern)`"),
        (#"IsMatch(name, "a", "b")"#, 20, "too many arguments; it is `IsMatch(target, pattern)`"),
        (#"IsMatch(name, regex = "b")"#, 15, "`IsMatch` has no parameter `regex`; known here: pattern, target"),
        (#"IsMatch(target = name, "b")"#, 24, "arguments without names come before those with names"),
        (#"IsMatch(name, target = name)"#, 15, "`target` of `IsMatch` is given twice"),
        (#"HasPrefix(kind, "a")"#, 11, "`HasPrefix` takes a string as `target`, found an int"),
        (
            #"Duration("5 parsecs") > Duration("1s")"#, 1,
            "Duration: durations are written as `300ms`, `1.5s` or `1h30m`"
        ),
        ("trace_id == TraceID(0x01)", 13, "TraceID: a trace id is 16 bytes or 32 hexadecimal digits"),
        (#"ConvertCase(name, "snake") == """#, 19, #"`to_case` of `ConvertCase` must be "lower" or "upper""#),
        (#"ConvertCase(name, name) == """#, 19, #"`to_case` of `ConvertCase` must be "lower" or "upper""#),
        ("name", 1, "a string is no condition; compare it with something, such as `name == \"checkout\"`"),
        ("kind + name == 1", 6, "no arithmetic between an int and a string"),
        ("-name == 1", 2, "expected a number after the sign, found a string"),
        ("(kind == 2) == true", 1, "a condition cannot be used as a value"),
        ("(kind == 2", 11, "expected `)` after what stands in parentheses, found the end of the condition"),
        ("kind == 2)", 10, "expected `and`, `or` or the end of the condition, found `)`"),
        ("kind == 2 kind == 3", 11, "expected `and`, `or` or the end of the condition, found `kind`"),
        ("kind ==", 8, "expected a value, found the end of the condition"),
        ("kind == 2 and", 14, "expected a value, found the end of the condition"),
        ("and kind == 2", 1, "expected a value, found `and`"),
        ("kind == 9223372036854775808", 9, "9223372036854775808 is beyond 64 bits"),
        ("kind == 99999999999999999999", 9, "99999999999999999999 is beyond 64 bits"),
        ("kind == -9223372036854775809", 10, "-9223372036854775809 is beyond 64 bits"),
        ("trace_id == 0x012", 13, "bytes are written as `0x` and two hexadecimal digits for each, such as 0x00ff"),
        ("attributes[0] == 1", 11, "`attributes` is indexed by a string, such as `attributes[\"key\"]`"),
        (#"name["a"] == 1"#, 5, "`name` cannot be indexed"),
        (#"attributes[name] == 1"#, 12, "expected a string or an int as index, found `name`"),
        (#"attributes["a"].b == 1"#, 11, "only the end of a path can be indexed"),
        (#"trace_state["a"]["b"] == 1"#, 12, "`trace_state` takes one key"),
        ("attributes == {}", 15, "map literals are not supported"),
        ("name == 'a'", 9, "strings are written in double quotes"),
        (#"name == "é" and kund == 2"#, 17, "unknown path `kund`; did you mean `kind`?"),
        ("name == é", 9, "`é` is not OTTL"),
    ])
    func `What is no condition is refused with the place and what would be right`(
        text: String, column: Int, reason: String
    ) {
        let error = #expect(throws: OTTLError.self) { try OTTLCondition(text, context: .span) }
        #expect(error?.column == column)
        #expect(error?.reason.hasPrefix(reason) == true, "\(error?.reason ?? "")")
    }

    @Test func `An error names the condition, the column and the reason`() {
        let error = #expect(throws: OTTLError.self) { try OTTLCondition("kind = 2", context: .span) }
        #expect(
            error?.description
                == "OTTL condition `kind = 2`, column 6: `=` is not a comparison; did you mean `==`?")
    }

    @Test func `An unknown converter that resembles none lists those there are`() throws {
        let error = #expect(throws: OTTLError.self) { try OTTLCondition("Murmur3Hash128(name) == 1", context: .span) }
        #expect(
            error?.reason.hasPrefix("unknown converter `Murmur3Hash128`; there are Bool, Coalesce, Concat, ") == true)
    }

    @Test func `IsRootSpan is for spans`() {
        let error = #expect(throws: OTTLError.self) { try OTTLCondition("IsRootSpan()", context: .spanEvent) }
        #expect(error?.reason.contains("span.parent_span_id == SpanID(0x0000000000000000)") == true)
    }

    @Test(arguments: [
        String(repeating: "(", count: 100_000), String(repeating: "not ", count: 100_000) + "true",
        String(repeating: "[", count: 100_000), String(repeating: "Len(", count: 100_000),
        String(repeating: "-(", count: 100_000) + "1",
        String(repeating: "(", count: 65) + "true"
            + String(repeating: ")", count: 65),
    ])
    func `Deep nesting is refused`(text: String) {
        let error = #expect(throws: OTTLError.self) { try OTTLCondition(text, context: .span) }
        #expect(error?.reason == "the condition nests deeper than 64 levels")
    }

    @Test func `Nesting within the limit, and long chains, work`() throws {
        #expect(try evaluate(String(repeating: "(", count: 64) + "true" + String(repeating: ")", count: 64)))
        #expect(try evaluate("1" + String(repeating: " + 1", count: 20_000) + " == 20001"))
        #expect(try evaluate("false" + String(repeating: " or false", count: 20_000) + " or true"))
        let long = String(repeating: "a", count: 1_000_000)
        #expect(try !evaluate("name == \"\(long)\""))
    }

    @Test func `No cut of a condition traps`() throws {
        let text =
            #"not (IsMatch(name, "^a\\d\u00e9") and -.5e1 + 0x00ff != [attributes["a"][0], nil]) or Len(events) >= 1"#
        for length in 0...text.count {
            let cut = String(text.prefix(length))
            do {
                _ = try OTTLCondition(cut, context: .span)
            } catch {
                #expect(error.column <= length + 1)
            }
        }
    }
}

import CollectorProcessors
import CollectorTestKit
import Testing

@Suite struct OTTLConverterTests {
    @Test(arguments: [
        // Types
        #"IsString(name)"#, "not IsString(kind)", "IsInt(kind)", "not IsInt(1.0)", #"IsDouble(attributes["ratio"])"#,
        #"IsBool(attributes["sampled"])"#, "IsMap(attributes)", #"IsMap(attributes["cart"])"#,
        #"IsList(attributes["tags"])"#, "IsList([1])", #"not IsString(attributes["missing"])"#,
        #"IsEmpty(attributes["missing"])"#, #"IsEmpty(attributes["empty"])"#, "IsEmpty(parent_span_id)",
        "not IsEmpty(trace_id)", "IsEmpty([])", "not IsEmpty(events)", "IsEmpty(0)",
        // Conversions
        #"Int(attributes["number"]) == 42"#, "Int(2.9) == 2", "Int(-2.9) == -2", "Int(true) == 1",
        #"Int("2.0") == nil"#,
        "Int(attributes) == nil", "Int(nil) == nil", #"Int(Double("NaN")) == nil"#, #"Double("2.5") == 2.5"#,
        "Double(2) == 2.0", "Double(false) == 0.0", #"Double("x") == nil"#, #"Double("1e999") == nil"#,
        #"Bool("T") == true"#, #"Bool("False") == false"#, #"Bool("maybe") == nil"#, "Bool(0) == false",
        "Bool(0.5)", #"String(attributes["http.status_code"]) == "503""#, #"String(true) == "true""#,
        #"String(0.25) == "0.25""#, #"String(1.0) == "1""#, #"String(123456789.5) == "123456789.5""#,
        #"String(0.0000001) == "1e-7""#, #"String(-1500000000000000000000.0) == "-1.5e+21""#,
        #"String(100000000000000000000.0) == "100000000000000000000""#, #"String(0x00ff) == "00ff""#,
        #"String(span_id) == "1112131415161718""#, #"String([1, "a", nil, [true]]) == "[1,\"a\",null,[true]]""#,
        #"String(attributes["cart"]) == "{\"currency\":\"EUR\",\"total\":12.5}""#, "String(nil) == nil",
        #"String([attributes["html"]]) == "[\"\\u003ca\\u0026b\\u003e\"]""#,
        #"String([attributes["raw"]]) == "[\"3q0=\"]""#, #"String(attributes["raw"]) == "dead""#,
        // Strings
        #"HasPrefix(name, "GET")"#, #"not HasPrefix("G", "GET")"#, #"HasSuffix(name, "/cart")"#,
        #"not HasSuffix(name, "cart/")"#, #"TrimPrefix(name, "GET ") == "/cart""#, #"TrimPrefix(name, "PUT") == name"#,
        #"TrimSuffix(name, "/cart") == "GET ""#, #"Trim("  a b ") == "a b""#, #"Trim("!?a!", "?!") == "a""#,
        #"ToLowerCase(name) == "get /cart""#, #"ToUpperCase("éß") == "Éß""#,
        #"ConvertCase(name, "lower") == "get /cart""#,
        #"ConvertCase("a", "upper") == "A""#, #"Substring(name, 4, 5) == "/cart""#,
        #"Split("a,b,,c", ",") == ["a", "b", "", "c"]"#,
        #"Split("", ",") == [""]"#, #"Split("né", "") == ["n", "é"]"#,
        #"Concat([kind, name, attributes["missing"]], "-") == "2-GET /cart-<nil>""#, #"Concat([], "-") == """#,
        // Lists
        #"Len(name) == 9"#, #"Len(attributes["tags"]) == 2"#, #"Len("é") == 2"#, #"Len(attributes["cart"]) == 2"#,
        #"ContainsValue(attributes["tags"], "blue")"#, #"ContainsValue(attributes["tags"], 7.0)"#,
        #"not ContainsValue(["GET", "PUT"], name)"#, #"Index(attributes["tags"], 7) == 1"#, #"Index(name, "/") == 4"#,
        #"Index(name, "?") == -1"#, #"Index([], 1) == -1"#, #"Coalesce([attributes["missing"], nil, kind]) == 2"#,
        "Coalesce([nil]) == nil",
        // Numbers and ids
        #"ParseInt("AA", 16) == 170"#, #"ParseInt("-20", 8) == -16"#, #"ParseInt("0b1111_0000", 0) == 240"#,
        #"ParseInt("0xFF", 0) == 255"#, #"ParseInt("-0o123", 0) == -83"#, #"ParseInt("012", 0) == 10"#,
        #"ParseInt("0", 0) == 0"#, #"FNV("a") == -5808556873153909620"#, #"SpanID("1112131415161718") == span_id"#,
        #"TraceID("0102030405060708090A0B0C0D0E0F10") == trace_id"#,
        // Times
        "Milliseconds(end_time - start_time) == 5000", #"Nanoseconds(Duration("1us")) == 1000"#,
        #"Microseconds(Duration("1ms")) == 1000"#, #"Seconds(Duration("1500ms")) == 1.5"#,
        #"Minutes(Duration("90s")) == 1.5"#,
        #"Hours(Duration("1h30m")) == 1.5"#, "UnixNano(start_time) == start_time_unix_nano",
        "UnixMicro(end_time) == 1700000005000000", "UnixMilli(end_time) == 1700000005000",
        "UnixSeconds(end_time) == 1700000005",
        "UnixNano(Unix(1, 5)) == 1000000005", "UnixSeconds(Unix(-1, 500000000)) == -1", "Hour(start_time) == 22",
        "Minute(start_time) == 13", "Second(start_time) == 20", "Nanosecond(Unix(0, 7)) == 7", "Hour(Unix(-1)) == 23",
    ])
    func `Converters do what the OpenTelemetry Collector's do`(text: String) throws {
        #expect(try evaluate(text), "\(text)")
    }

    @Test(arguments: [
        #"Index("aabaaab", "aaab") == 3"#, #"Index("ababac", "abac") == 2"#, #"Index("abab", "abac") == -1"#,
        #"Index("aaa", "") == 0"#, #"Split("aaaa", "aa") == ["", "", ""]"#,
        #"Split("xababaXabac", "abac") == ["xababaX", ""]"#,
    ])
    func `Parts that repeat themselves are found`(text: String) throws {
        #expect(try evaluate(text))
    }

    @Test(.timeLimit(.minutes(1))) func `Looking for a hostile string in a hostile string takes linear time`() throws {
        let request = OTTLFixture.request { span in
            span.attributes(
                9,
                [
                    "text": .string(String(repeating: "a", count: 400_000)),
                    "part": .string(String(repeating: "a", count: 200_000) + "b"),
                ])
        }
        #expect(try evaluate(#"Index(attributes["text"], attributes["part"]) == -1"#, .span, request))
        #expect(try evaluate(#"Len(Split(attributes["text"], attributes["part"])) == 1"#, .span, request))
    }

    @Test(arguments: [
        (#"IsMatch(name, "cart")"#, true), (#"IsMatch(name, "^cart")"#, false),
        (#"IsMatch(attributes["http.status_code"], "^5\\d\\d$")"#, true),
        (#"IsMatch(attributes["missing"], "")"#, false),
        (#"IsMatch(attributes["sampled"], "true")"#, true), (#"IsMatch(attributes["tags"], "\"blue\"")"#, true),
        (#"IsMatch(attributes["raw"], "^dead$")"#, true), (#"IsMatch(target = name, pattern = "^GET")"#, true),
        (#"IsMatch(pattern = "^GET", target = name)"#, true), (#"IsMatch(name, pattern = "^GET")"#, true),
        (#"IsMatch("a(b", "a\\(b")"#, true),
    ])
    func `IsMatch looks for a pattern in a value's string form`(text: String, expected: Bool) throws {
        #expect(try evaluate(text) == expected)
    }

    @Test(arguments: [
        #"Substring(name, kind, 100) == "a""#, #"Substring(name, 9223372036854775807, kind) == "a""#,
        #"Substring(name, kind - 3, 1) == "a""#, #"ParseInt(name, 10) == 1"#,
        #"ParseInt(attributes["number"], kind + 99) == 1"#,
        #"ParseInt(attributes["user.tier"], 0) == 1"#, "Duration(name) == nil", "SpanID(name) == nil",
        #"TraceID(attributes["raw"]) == nil"#, #"Len(attributes["missing"]) == 0"#,
        #"Len(attributes["http.status_code"]) == 0"#,
        "Unix(9223372036854775807, kind) == nil", #"Index(name, attributes["ratio"]) == 0"#,
        "IsMatch(start_time, \"a\")",
        "IsMatch(events, \"a\")", #"Split(attributes["ratio"], ",") == []"#,
        #"String([Double(name)]) == "NaN" or -name == 1"#,
    ])
    func `Arguments without a result are errors`(text: String) {
        #expect(throws: (any Error).self) { try evaluate(text) }
    }
}

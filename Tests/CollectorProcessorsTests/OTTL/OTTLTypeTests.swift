import CollectorProcessors
import CollectorTestKit
import Testing

@Suite struct OTTLTypeTests {
    @Test(arguments: [
        ("1 == 1.0", true), ("1 < 1.5", true), ("2.5 >= 2", true), (#"attributes["http.status_code"] == 503.0"#, true),
        (#""a" < "b""#, true), (#""a" < "ab""#, true), (#""Z" < "a""#, true), (#""é" > "z""#, true),
        ("true > false", true), ("false >= true", false), ("0x02 > 0x0100", true),
        (#"Duration("1m") == Duration("60s")"#, true), (#"Duration("1ms") < Duration("1s")"#, true),
        ("start_time < end_time", true), ("start_time == Unix(1700000000, 0)", true),
    ])
    func `Values of one type, and numbers, are compared`(text: String, expected: Bool) throws {
        #expect(try evaluate(text) == expected)
    }

    @Test(arguments: [
        (#""1""#, "1"), ("true", "1"), ("nil", "0"), ("nil", #""""#), ("0x01", "1"), (#""a""#, "0x61"),
        (#"Duration("1s")"#, "1000000000"), ("start_time", "1700000000000000000"), ("trace_id", #""0102""#),
        ("trace_id", "0x0102030405060708090a0b0c0d0e0f10"), ("[1]", "1"), ("attributes", "nil"), ("span_id", "nil"),
        (#"attributes["user.tier"]"#, "1"), (#"attributes["missing"]"#, "1"), ("events", "links"), ("[1]", "[1.0]"),
    ])
    func `Values of different types are unequal, and none is less`(left: String, right: String) throws {
        for (left, right) in [(left, right), (right, left)] {
            #expect(try evaluate("\(left) != \(right)"))
            for comparison in ["==", "<", "<=", ">", ">="] {
                #expect(try !evaluate("\(left) \(comparison) \(right)"), "\(left) \(comparison) \(right)")
            }
        }
    }

    @Test(arguments: [("==", true), ("!=", false), ("<", false), ("<=", true), (">", false), (">=", true)])
    func `nil equals nil, a missing attribute and an empty one`(comparison: String, expected: Bool) throws {
        for value in ["nil", #"attributes["missing"]"#, #"attributes["nothing"]"#] {
            #expect(try evaluate("\(value) \(comparison) nil") == expected)
        }
    }

    @Test func `Lists and maps are compared in depth, maps in any order`() throws {
        #expect(try evaluate(#"attributes["tags"] == ["blue", 7]"#))
        #expect(try evaluate(#"attributes["tags"] != ["blue", 8]"#))
        #expect(try evaluate(#"attributes["tags"] != ["blue"]"#))
        #expect(try evaluate(#"attributes["cart"] == attributes["cart"]"#))
        #expect(try evaluate("attributes != resource.attributes"))
        let request = OTTLFixture.request { $0.attributes(9, ["replicas": 3, "service.name": "frontend"]) }
        #expect(try evaluate("attributes == resource.attributes", .span, request))
    }

    @Test func `NaN equals nothing, itself included`() throws {
        #expect(try !evaluate(#"Double("NaN") == Double("NaN")"#))
        #expect(try evaluate(#"Double("NaN") != Double("NaN")"#))
        #expect(try !evaluate(#"Double("NaN") < 1"#))
    }

    @Test(arguments: [
        ("9223372036854775807 + kind == 0", "the result is beyond 64 bits"),
        ("-9223372036854775808 - kind == 0", "the result is beyond 64 bits"),
        ("9223372036854775807 * kind == 0", "the result is beyond 64 bits"),
        ("-9223372036854775808 / (kind - 3) == 0", "the result is beyond 64 bits"),
        ("-(kind - 2 - 9223372036854775807 - 1) == 0", "the result is beyond 64 bits"),
        ("1 / (kind - 2) == 0", "division by zero"), ("1.0 / (kind - 2) == 0", "division by zero"),
        (#"attributes["user.tier"] + 1 == 0"#, "no arithmetic between a string and an int"),
        (#"1 - attributes["missing"] == 0"#, "no arithmetic between an int and nil"),
        (#"attributes["sampled"] * 2 == 0"#, "no arithmetic between a bool and an int"),
        (#"-attributes["user.tier"] == 0"#, "expected a number after `-`, found a string"),
        (#"HasPrefix(attributes["missing"], "a")"#, "HasPrefix: expected a string, found nil"),
    ])
    func `What has no result is an error, never a trap`(text: String, description: String) {
        let error = #expect(throws: OTTLEvaluationError.self) { try evaluate(text) }
        #expect(error?.description == description)
    }

    @Test(arguments: [
        #"start_time + Duration("5s") == end_time"#, #"Duration("5s") + start_time == end_time"#,
        #"end_time - Duration("5s") == start_time"#, #"end_time - start_time > Duration("4999ms")"#,
        #"Duration("1s") + Duration("1s") == Duration("2s")"#, #"Duration("3s") - Duration("1s") == Duration("2s")"#,
    ])
    func `Times and durations add up`(text: String) throws {
        #expect(try evaluate(text))
    }
}

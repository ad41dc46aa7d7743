import OTLPMessages
import Testing

/// OTLP/JSON by the rules of conformance C; the numbers are its.
struct JSONConformanceTests {
    @Test("49: ids are hex in any letter case, and written in lower case")
    func identifiers() throws {
        let json = span(#""traceId":"5B8EFFF798038103d269b633813fc60C","spanId":"EEE19b7ec3c1b174","parentSpanId":"""#)
        #expect(
            try roundTrip(json) == span(#""traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174""#))
    }

    @Test(
        "49: base64, a wrong length or a wrong digit is not an id",
        arguments: [
            #""traceId":"W47/95gDgQPSabYzgT/GDA==""#,
            // Base64 whose characters all happen to be hex digits.
            #""spanId":"abcdefabcdef""#,
            #""traceId":"5b8efff798038103d269b633813fc6""#,
            #""spanId":"eee19b7ec3c1b17""#,
            #""links":[{"spanId":"zee19b7ec3c1b174"}]"#,
        ])
    func notIdentifiers(members: String) {
        #expect(problem(span(members))?.problem.contains("hexadecimal digits (not base64)") == true)
    }

    @Test("49: ids of links, log records and exemplars are hex too")
    func identifiersElsewhere() throws {
        let ids = #""traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174""#
        let link = span(#""links":[{\#(ids)}]"#)
        #expect(try roundTrip(link) == link)
        let log = #"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{\#(ids)}]}]}]}"#
        #expect(try roundTrip(log, .logsRequest) == log)
        // Exemplars have the span id first, by number.
        let exemplar = point(
            #""exemplars":[{"spanId":"eee19b7ec3c1b174","traceId":"5b8efff798038103d269b633813fc60c"}]"#)
        #expect(try roundTrip(exemplar, .metricsRequest) == exemplar)
    }

    @Test(
        "50: bytes are base64, standard or URL-safe, padded or not",
        arguments: ["+/+/+w==", "-_-_-w", "+/+/+w", "-_-_-w=="])
    func base64(form: String) throws {
        #expect(try roundTrip(attribute(#"{"bytesValue":"\#(form)"}"#)) == attribute(#"{"bytesValue":"+/+/+w=="}"#))
    }

    @Test("50: what is not base64 is an error", arguments: ["A", "AA=", "AAAAA", "A A=", "AA==AA==", "====", "AA==="])
    func notBase64(form: String) {
        #expect(problem(attribute(#"{"bytesValue":"\#(form)"}"#))?.problem == "expected base64")
    }

    @Test("51: enums are integers on output, numbers and names on input, unknown numbers pass")
    func enums() throws {
        let kinds = span(#""kind":3,"status":{"code":2}"#)
        #expect(try roundTrip(kinds) == kinds)
        #expect(try roundTrip(span(#""kind":"SPAN_KIND_CLIENT","status":{"code":"STATUS_CODE_ERROR"}"#)) == kinds)
        #expect(try roundTrip(span(#""kind":-77"#)) == span(#""kind":-77"#))
    }

    @Test("51: an unknown enum name is an error, never 0", arguments: ["client", "SPAN_KIND_NEW", "", "3"])
    func unknownEnumName(name: String) {
        #expect(problem(span(#""kind":"\#(name)""#))?.problem.contains("SPAN_KIND_INTERNAL") == true)
    }

    @Test(
        "52: 64-bit integers are read as numbers and strings, exactly, and written as strings",
        arguments: ["9007199254740993", "-9223372036854775808", "9223372036854775807", "0", "-1"])
    func integers(value: String) throws {
        let expected = attribute(#"{"intValue":"\#(value)"}"#)
        #expect(try roundTrip(attribute(#"{"intValue":\#(value)}"#)) == expected)
        #expect(try roundTrip(expected) == expected)
    }

    @Test("52: unsigned 64-bit integers keep their whole range")
    func unsignedIntegers() throws {
        let expected = span(#""startTimeUnixNano":"18446744073709551615""#)
        #expect(try roundTrip(span(#""startTimeUnixNano":18446744073709551615"#)) == expected)
        #expect(try roundTrip(expected) == expected)
    }

    @Test(
        "52: an integer may be spelled with an exponent or a zero fraction",
        arguments: ["1.7e18", "1700000000000000000.000", "17E+17", "\"1.7e18\"", "0.0017e21", "170e16"])
    func integerSpellings(form: String) throws {
        #expect(
            try roundTrip(span(#""startTimeUnixNano":\#(form)"#)) == span(#""startTimeUnixNano":"1700000000000000000""#)
        )
    }

    @Test("53: unknown names are ignored at every depth, and what surrounds them is kept")
    func unknownNames() throws {
        let unknown = #""new":{"a":[1,{"b":null},"}"],"c":{}},"other":[[]],"x":-1.5e3,"t":true"#
        let json = #"""
            {\#(unknown),"resourceSpans":[{\#(unknown),"scopeSpans":[{\#(unknown),"spans":[{"name":"n",\#(unknown),
            "attributes":[{\#(unknown),"key":"k","value":{"newValue":{},"intValue":"1"}}]}]}]}]}
            """#
        #expect(try roundTrip(json) == span(#""name":"n","attributes":[{"key":"k","value":{"intValue":"1"}}]"#))
    }

    @Test("54: snake_case names are unknown names")
    func snakeCase() throws {
        #expect(try wire(#"{"resource_spans":[{"scope_spans":[{"spans":[{"name":"n"}]}]}]}"#).isEmpty)
    }

    @Test("55: null means the default, for every kind of field")
    func nulls() throws {
        let json = span(
            #"""
            "traceId":null,"name":null,"kind":null,"startTimeUnixNano":null,"attributes":null,"status":null,
            "droppedLinksCount":null,"events":[{"name":null}],"links":null
            """#)
        #expect(try roundTrip(json) == span(#""events":[{}]"#))
        #expect(try roundTrip(attribute("null")) == span(#""attributes":[{"key":"k"}]"#))
        #expect(try roundTrip(attribute(#"{"stringValue":null,"intValue":1}"#)) == attribute(#"{"intValue":"1"}"#))
    }

    @Test("55: an element of an array cannot be null")
    func nullElements() {
        #expect(problem(span(#""events":[null]"#))?.path == "resourceSpans[0].scopeSpans[0].spans[0].events[0]")
    }

    @Test(
        "56: doubles are read as numbers, numeric strings and names, and written back the shortest way",
        arguments: [
            ("1.5", "1.5"), ("\"1.5\"", "1.5"), ("2", "2"), ("-0.0", "-0"), ("1e300", "1e+300"), ("1e-5", "1e-05"),
            ("0.1", "0.1"), ("123456789012345678901234567890", "1.2345678901234568e+29"), ("5e-324", "5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"), ("1e-400", "0"), ("\"NaN\"", "\"NaN\""),
            ("\"Infinity\"", "\"Infinity\""), ("\"-Infinity\"", "\"-Infinity\""),
            ("0.30000000000000004", "0.30000000000000004"),
            ("9007199254740993", "9007199254740992"), ("1000000", "1000000"),
        ])
    func doubles(input: String, output: String) throws {
        #expect(try roundTrip(attribute(#"{"doubleValue":\#(input)}"#)) == attribute(#"{"doubleValue":\#(output)}"#))
    }

    @Test(
        "57: values out of range or of the wrong type are errors that name the field",
        arguments: [
            ("startTimeUnixNano", "18446744073709551616"), ("startTimeUnixNano", "\"18446744073709551616\""),
            ("startTimeUnixNano", "-1"), ("startTimeUnixNano", "1e20"), ("startTimeUnixNano", "1e999999999999"),
            ("startTimeUnixNano", "1.5"), ("startTimeUnixNano", "1e-1"), ("startTimeUnixNano", "true"),
            ("startTimeUnixNano", "\"\""), ("startTimeUnixNano", "\" 1\""), ("startTimeUnixNano", "\"1 \""),
            ("startTimeUnixNano", "\"0x10\""), ("startTimeUnixNano", "{}"), ("flags", "4294967296"), ("flags", "-1"),
            ("droppedLinksCount", "4294967296"), ("droppedLinksCount", "0.1"), ("kind", "2147483648"), ("kind", "1.5"),
            ("name", "1"), ("name", "[]"), ("name", "{}"), ("status", "[]"), ("status", "1"), ("events", "{}"),
            ("events", "\"\""), ("traceId", "12"),
        ])
    func outOfRange(name: String, value: String) {
        #expect(problem(span(#""\#(name)":\#(value)"#))?.path == "resourceSpans[0].scopeSpans[0].spans[0].\(name)")
    }

    @Test(
        "57: values that do not fit an attribute's member are errors",
        arguments: [
            #"{"intValue":9223372036854775808}"#, #"{"intValue":"-9223372036854775809"}"#, #"{"intValue":1.5}"#,
            #"{"doubleValue":1e309}"#, #"{"doubleValue":"1e309"}"#, #"{"doubleValue":"nan"}"#, #"{"doubleValue":"+1"}"#,
            #"{"doubleValue":"0x1p3"}"#, #"{"doubleValue":""}"#, #"{"doubleValue":true}"#, #"{"boolValue":"true"}"#,
            #"{"boolValue":1}"#, #"{"stringValue":1}"#, #"{"bytesValue":1}"#, #"{"arrayValue":[]}"#,
        ])
    func outOfRangeValues(value: String) {
        #expect(problem(attribute(value)) != nil)
    }

    @Test(
        "58: explicit zeros in a oneof survive, and no value stays no value",
        arguments: [
            #"{"stringValue":""}"#, #"{"boolValue":false}"#, #"{"intValue":"0"}"#, #"{"doubleValue":0}"#,
            #"{"bytesValue":""}"#, #"{"arrayValue":{}}"#, #"{"kvlistValue":{}}"#, "{}",
        ])
    func explicitZeros(value: String) throws {
        #expect(try roundTrip(attribute(value)) == attribute(value))
    }

    @Test("58: explicit zeros of points and of optional fields survive")
    func explicitZeroPoints() throws {
        let number = point(#""asInt":"0""#)
        #expect(try roundTrip(number, .metricsRequest) == number)
        let histogram = #"""
            {"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"sum":0,\#
            "bucketCounts":["0","0"],"explicitBounds":[0],"min":0,"max":0}]}}]}]}]}
            """#
        #expect(try roundTrip(histogram, .metricsRequest) == histogram)
    }

    @Test(
        "60: the examples of opentelemetry-proto are the same message in both encodings",
        arguments: [
            ("trace", MessageKind.tracesRequest), ("metrics", .metricsRequest), ("logs", .logsRequest),
            ("events", .logsRequest),
        ])
    func examples(name: String, kind: MessageKind) throws {
        let decoded = try wire(try golden("otlp-examples/\(name).json"), kind)
        let expected = try canonical(try golden("otlp-examples/\(name).pb"), kind)
        #expect(try canonical(decoded, kind) == expected)
        #expect(try wire(try text(expected, kind), kind) == expected)
    }
}

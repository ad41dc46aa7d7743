import CollectorProcessors
import CollectorTestKit
import Testing

@Suite struct OTTLPathTests {
    @Test(arguments: [
        "trace_id == TraceID(0x0102030405060708090a0b0c0d0e0f10)",
        #"trace_id.string == "0102030405060708090a0b0c0d0e0f10""#,
        "span_id == SpanID(0x1112131415161718)", #"span_id.string == "1112131415161718""#,
        "parent_span_id == SpanID(0x0000000000000000)", #"parent_span_id.string == "0000000000000000""#,
        #"trace_state == "ot=th:8, vendor=x1""#, #"trace_state["vendor"] == "x1""#, #"trace_state["other"] == """#,
        #"name == "GET /cart""#, "kind == 2", #"kind.string == "Server""#,
        #"kind.deprecated_string == "SPAN_KIND_SERVER""#, "start_time_unix_nano == 1700000000000000000",
        "end_time_unix_nano == 1700000005000000000", "start_time == Unix(1700000000)",
        "end_time - start_time == Duration(\"5s\")", "Len(attributes) == 11", "dropped_attributes_count == 1",
        "Len(events) == 2", "dropped_events_count == 2", "Len(links) == 1", "dropped_links_count == 3",
        "status != nil", "status.code == 2", #"status.message == "timed out""#, "flags == 257",
    ])
    func `Every path of a span is read, bare and with its prefix`(text: String) throws {
        #expect(try evaluate(text))
        let prefixed =
            if text.hasPrefix("Len(") { "Len(span." + text.dropFirst(4) } else {
                "span." + text.replacing("- start_time", with: "- span.start_time")
            }
        #expect(try evaluate(prefixed))
        #expect(try evaluate(prefixed, .spanEvent))
    }

    @Test(arguments: [
        #"resource.attributes["service.name"] == "frontend""#, "resource.dropped_attributes_count == 4",
        #"resource.schema_url == "https://example.com/resource""#, "Len(resource.attributes) == 2",
        #"instrumentation_scope.name == "http""#, #"instrumentation_scope.version == "1.2.0""#,
        #"instrumentation_scope.attributes["short"] == true"#, "instrumentation_scope.dropped_attributes_count == 5",
        #"instrumentation_scope.schema_url == "https://example.com/scope""#, #"scope.name == "http""#,
    ])
    func `Resource and scope are read in both contexts`(text: String) throws {
        #expect(try evaluate(text))
        #expect(try evaluate(text, .spanEvent))
    }

    @Test(arguments: [
        #"name == "exception""#, "time_unix_nano == 1700000001000000000", "time == Unix(1700000001)",
        "dropped_attributes_count == 9", "event_index == 1", #"attributes["attempt"] == 2"#, "Len(attributes) == 1",
    ])
    func `Every path of an event is read, bare and with its prefix`(text: String) throws {
        #expect(try evaluate(text, .spanEvent))
        let prefixed = text.hasPrefix("Len(") ? "Len(spanevent." + text.dropFirst(4) : "spanevent." + text
        #expect(try evaluate(prefixed, .spanEvent))
    }

    @Test(arguments: [
        (#"attributes["cart"]["currency"] == "EUR""#, true), (#"attributes["cart"]["total"] == 12.5"#, true),
        (#"attributes["cart"]["weight"] == nil"#, true), (#"attributes["tags"][0] == "blue""#, true),
        (#"attributes["tags"][1] == 7"#, true), (#"attributes["tags"][1] == "blue""#, false),
        (#"attributes["missing"]["deeper"][3] == nil"#, true),
        (#"Split("a,b", ",")[1] == "b""#, true),
    ])
    func `Maps are indexed by keys and lists by positions`(text: String, expected: Bool) throws {
        #expect(try evaluate(text) == expected)
    }

    @Test(arguments: [
        (#"attributes["tags"][2] == nil"#, "index 2 is out of bounds"),
        (#"attributes["tags"]["a"] == nil"#, "a list is indexed by an int"),
        (#"attributes["cart"][0] == nil"#, "a map is indexed by a string"),
        (#"attributes["user.tier"][0] == nil"#, "a string cannot be indexed; only maps and lists can"),
        (#"attributes["nothing"]["a"] == nil"#, "nil cannot be indexed; only maps and lists can"),
    ])
    func `An index that does not fit the value is an error`(text: String, description: String) {
        let error = #expect(throws: OTTLEvaluationError.self) { try evaluate(text) }
        #expect(error?.description == description)
    }

    @Test func `The first one of attributes with the same key counts`() throws {
        let request = OTTLFixture.request { $0.attributes(9, ["k": "first", "k": "second"]) }
        #expect(try evaluate(#"attributes["k"] == "first""#, .span, request))
    }

    @Test func `Fields that are not there have the defaults of protobuf`() throws {
        let span = ProtobufMessage { span in
            span.bytes(1, Array(0x01...0x10))
            span.bytes(2, Array(0x11...0x18))
        }
        let request = ProtobufMessage { $0.message(1) { $0.message(2) { $0.bytes(2, span.bytes) } } }.bytes
        for text in [
            #"name == """#, "kind == 0", #"kind.string == "Unspecified""#, "status.code == STATUS_CODE_UNSET",
            #"status.message == """#, "flags == 0", "Len(attributes) == 0", "Len(resource.attributes) == 0",
            #"scope.name == """#, #"resource.schema_url == """#, #"trace_state["a"] == """#,
            "start_time_unix_nano == 0",
        ] {
            #expect(try evaluate(text, .span, request), "\(text)")
        }
    }

    @Test(arguments: ["a", "a=b,a=c", "A=b", "=b"])
    func `A member of a tracestate that cannot be read is nil`(state: String) throws {
        let request = OTTLFixture.request { $0.string(3, state) }
        #expect(try evaluate(#"trace_state["a"] == nil"#, .span, request))
    }

    @Test func `A span with a parent is no root span`() throws {
        let request = OTTLFixture.request(span: OTTLFixture.child)
        #expect(try !evaluate("IsRootSpan()", .span, request))
        #expect(try evaluate(#"parent_span_id.string == "2122232425262728""#, .span, request))
        #expect(try evaluate("parent_span_id == SpanID(0x2122232425262728)", .span, request))
    }
}

import OTLPMessages
import Testing

struct StatusTests {
    @Test("34: an error is a google.rpc.Status in both encodings")
    func plainStatus() {
        let status = RPCStatus(code: 3, message: "no \"good\"")
        #expect(status.wire() == bytes("0803 1209 6e6f2022676f6f6422"))
        #expect(String(decoding: status.json(), as: UTF8.self) == #"{"code":3,"message":"no \"good\""}"#)
    }

    @Test("12, 35: RetryInfo and BadRequest are details with their type")
    func details() throws {
        let status = RPCStatus(
            code: 14, message: "busy", retryDelay: .milliseconds(1500),
            badRequest: [.init(field: "a.b", description: "is wrong"), .init(field: "", description: "is missing")])
        let json = #"""
            {"code":14,"message":"busy","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo",\#
            "retryDelay":"1.500s"},{"@type":"type.googleapis.com/google.rpc.BadRequest",\#
            "fieldViolations":[{"field":"a.b","description":"is wrong"},{"description":"is missing"}]}]}
            """#
        #expect(String(decoding: status.json(), as: UTF8.self) == json)
        #expect(try wire(json, .rpcStatus) == status.wire())
    }

    @Test("a detail of another type keeps its bytes, one without a type is empty")
    func otherDetails() throws {
        let json = #"{"details":[{"@type":"example.com/other.Type","value":"AQI="},{}]}"#
        #expect(
            try wire(json, .rpcStatus) == bytes("1a1c 0a16 6578616d706c652e636f6d2f6f746865722e54797065 1202 0102 1a00")
        )
        #expect(try roundTrip(json, .rpcStatus) == json)
        #expect(
            try roundTrip(#"{"details":[{"@type":"x/y","a":{"b":1}}]}"#, .rpcStatus)
                == #"{"details":[{"@type":"x/y"}]}"#)
    }

    @Test(
        "durations are read and written as proto3 JSON has them",
        arguments: [
            ("0s", "0s"), ("1s", "1s"), ("1.5s", "1.500s"), ("0.000001s", "0.000001s"),
            ("0.000000001s", "0.000000001s"),
            ("-0.5s", "-0.500s"), ("-3s", "-3s"),
        ])
    func durations(input: String, output: String) throws {
        #expect(try roundTrip(#"{"retryDelay":"\#(input)"}"#, .retryInfo) == #"{"retryDelay":"\#(output)"}"#)
    }

    @Test(
        "what is no duration is refused",
        arguments: ["1", "s", "1.s", ".5s", "1e3s", "1.0000000001s", "--1s", "1234567890123s"])
    func notDurations(input: String) {
        #expect(problem(#"{"retryDelay":"\#(input)"}"#, .retryInfo)?.path == "retryDelay")
    }

    @Test(
        "33: a partial success has the signal's own name for the count",
        arguments: [
            (MessageKind.tracesResponse, "rejectedSpans"), (.metricsResponse, "rejectedDataPoints"),
            (.logsResponse, "rejectedLogRecords"),
        ])
    func partialSuccess(kind: MessageKind, name: String) {
        let partial = ExportPartialSuccess(rejected: 2, errorMessage: "bad id")
        #expect(partial.responseWire() == bytes("0a0a 0802 1206 626164206964"))
        #expect(
            String(decoding: partial.responseJSON(kind), as: UTF8.self)
                == #"{"partialSuccess":{"\#(name)":"2","errorMessage":"bad id"}}"#)
    }
}

import CollectorCore
import OTLPWire
import Testing

private func parse(_ text: String) -> TraceState? {
    let bytes = Array(text.utf8)
    return TraceState(bytes.span, ByteRange(0, bytes.count))
}

/// The tracestate after `th` was set; nil when it cannot be read or must not be changed.
private func setting(_ text: String, _ threshold: SamplingThreshold?, randomness: UInt64? = nil) -> String? {
    let bytes = Array(text.utf8)
    guard let state = TraceState(bytes.span, ByteRange(0, bytes.count)) else { return nil }
    return state.replacing(threshold: threshold, randomness: randomness, in: bytes.span)
        .map { String(decoding: $0, as: UTF8.self) }
}

private let half = SamplingThreshold(clamping: 1 << 55)

@Suite struct TraceStateTests {
    @Test func `threshold and randomness are read, short thresholds padded (conformance 201, 202)`() throws {
        let state = try #require(parse("congo=1 , ot=rv:8717a8a27a962a;th:fd70a;x:1\t,,rojo=2"))
        #expect(state.threshold?.value == 0xfd70a << 36)
        #expect(state.randomness == 0x8717_a8a2_7a96_2a)
        #expect(parse("ot=th:0")?.threshold == .always)
        #expect(parse("")?.threshold == nil)
    }

    @Test(arguments: [
        "ot", "ot=", "=x", "ot=;", "ot=th:", "ot=th:8;", "ot=;th:8", "ot=TH:8", "ot=th:C", "ot=th:zz",
        "ot=th:123456789abcdef", "ot=rv:123", "ot=rv:0123456789abcde", "ot=rv:GGGGGGGGGGGGGG", "ot=th:8;th:8",
        "ot=th:8,ot=th:c", "a=1,a=2", "bad key=1", "é=1", "a=é", "9a=1", "a@9=1", "@a=1", "a=b=c",
    ])
    func `what is no tracestate is not read (conformance 213)`(text: String) {
        #expect(parse(text) == nil)
    }

    @Test func `more than 32 members are no tracestate (conformance 212)`() {
        let members = (0..<33).map { "k\($0)=1" }
        #expect(parse(members.joined(separator: ",")) == nil)
        #expect(parse(members.dropLast().joined(separator: ",")) != nil)
    }

    @Test func `the changed member moves to the left, all others stay in order (conformance 208, 212)`() {
        #expect(setting("a=1 , ot=xx:a;th:4;yy:b,b=2", half) == "ot=th:8;xx:a;yy:b,a=1,b=2")
        #expect(setting("a=1,ot=rv:00000000000001", half) == "ot=rv:00000000000001;th:8,a=1")
        #expect(setting("", half) == "ot=th:8")
        #expect(setting(",,,", half) == "ot=th:8")
    }

    @Test func `an erased threshold leaves the rest, and no empty member`() {
        #expect(setting("ot=th:8", nil) == "")
        #expect(setting("b=2,ot=th:8", nil) == "b=2")
        #expect(setting("ot=th:8;rv:00000000000001", nil) == "ot=rv:00000000000001")
    }

    @Test func `a random value is added where there is none and never replaced (conformance 208)`() {
        #expect(setting("", half, randomness: 0xf0) == "ot=rv:000000000000f0;th:8")
        #expect(setting("ot=rv:00000000000001", half, randomness: 0xf0) == "ot=rv:00000000000001;th:8")
    }

    @Test func `a change that would break a limit is not made (conformance 211, 212)`() {
        let long = "ot=xx:" + String(repeating: "a", count: 249)
        #expect(setting(long, half) == nil)
        #expect(setting("ot=xx:" + String(repeating: "a", count: 248), half) != nil)
        let full = (0..<32).map { "k\($0)=1" }.joined(separator: ",")
        #expect(setting(full, half) == nil)
        #expect(setting(full, nil) == full)
    }
}

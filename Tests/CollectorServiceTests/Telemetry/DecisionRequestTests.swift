import CollectorCore
import CollectorTestKit
import Testing

@testable import CollectorService

/// Requests for decisions that cannot be answered.
@Suite struct DecisionRequestTests {
    @Test(arguments: [
        ("?polcy=x", "unknown parameter `polcy`; did you mean `policy`?"),
        ("?x%0Ay=1", #"unknown parameter `x\\ny`; known here: decision, format, limit, policy, service, voted"#),
        ("?decision=Kept", "decision: expected `kept` or `dropped`, found `Kept`"),
        ("?limit=0", "limit: expected a whole number from 1 to 1000, found `0`"),
        ("?limit=-1", "limit: expected a whole number from 1 to 1000, found `-1`"),
        ("?limit=99999999999999999999", "limit: expected a whole number from 1 to 1000, found `99999999999999999999`"),
        ("?limit=1&limit=2", "the parameter `limit` is given twice"),
        ("?format=xml", "format: expected `json` or `text`, found `xml`"),
        ("?policy=100%", "`100%`: expected two hexadecimal digits after `%`; a percent sign is written %25"),
        ("?policy=%4", "`%4`: expected two hexadecimal digits after `%`; a percent sign is written %25"),
        ("?policy=%+1", "`%+1`: expected two hexadecimal digits after `%`; a percent sign is written %25"),
        ("?policy=%ff", "`%ff` is not UTF-8 once decoded"),
        ("/xyz", "a trace id is 32 hexadecimal digits, found `xyz`"),
        ("/", "a trace id is 32 hexadecimal digits, found ``"),
        (
            "/00000000000000000000000000000001/",
            "a trace id is 32 hexadecimal digits, found `00000000000000000000000000000001/`"
        ),
        ("/00000000000000000000000000000001?limit=1", "unknown parameter `limit`; known here: format"),
    ])
    func `a mistake is told with what would be right`(_ target: String, _ message: String) async throws {
        let own = try await TelemetryFixture([.dropped(1)])
        let answer = try await own.ask("/debug/decisions" + target)
        #expect(answer.status == "400")
        #expect(answer.body == "{\"error\":\"\(message)\"}\n")
        await own.stop()
    }

    @Test(arguments: [
        ("?policy=nope", "policy: no sampler here has a policy `nope`; known here: one-percent, slow, tried"),
        ("?voted=slo", "voted: no sampler here has a policy `slo`; did you mean `slow`?"),
        ("?policy=slow&voted=%0A", #"voted: no sampler here has a policy `\\n`; known here: one-percent, slow, tried"#),
    ])
    func `a policy that no sampler has is told with those there are`(_ target: String, _ message: String) async throws {
        let own = try await TelemetryFixture([.dropped(1)], [.dropped(2)])
        let answer = try await own.ask("/debug/decisions" + target)
        #expect(answer.status == "404")
        #expect(answer.body == "{\"error\":\"\(message)\"}\n")
        await own.stop()
    }

    @Test func `where nobody decides the answer says so, whatever the policy`() async throws {
        let own = try await TelemetryFixture()
        let answer = try await own.ask("/debug/decisions?policy=nope&format=text")
        #expect(answer.status == "200" && answer.body.contains("has a tail_sampling processor"))
        await own.stop()
    }

    @Test func `mistakes are told in the format that was asked for, and kept short`() async throws {
        let own = try await TelemetryFixture([.dropped(1)])
        let path = "/debug/decisions/" + String(repeating: "z", count: 5000)
        #expect(
            try await own.ask(path, headers: ["Accept: text/plain"]).body
                == "a trace id is 32 hexadecimal digits, found `\(String(repeating: "z", count: 64))…`\n")
        #expect(try await own.ask("/debug/decisions?format=text&limit=x").body.hasPrefix("limit: expected"))
        await own.stop()
    }

    @Test func `an unknown trace is not an empty answer, and why it may be unknown is said`() async throws {
        let own = try await TelemetryFixture([.dropped(1)])
        let path = "/debug/decisions/000000000000000000000000000000FF"
        let answer = try await own.ask(path)
        #expect(answer.status == "404")
        #expect(answer.head.contains("content-type: application/json"))
        #expect(
            answer.body.hasPrefix(
                #"{"error":"trace 000000000000000000000000000000ff is not known here","#
                    + #""trace_id":"000000000000000000000000000000ff","possible_causes":["it has not arrived"#))
        let text = try await own.ask(path + "?format=text")
        #expect(text.status == "404")
        for cause in ["has not arrived", "still waits", "forgotten", "no tail_sampling"] {
            #expect(answer.body.contains(cause) && text.body.contains(cause), "\(cause)")
        }
        await own.stop()
    }

    @Test func `without a sampler that is the one cause`() async throws {
        let own = try await TelemetryFixture()
        let cause = "no traces pipeline of this collector has a tail_sampling processor"
        let answer = try await own.ask("/debug/decisions/000000000000000000000000000000ff")
        #expect(answer.status == "404")
        #expect(answer.body.hasSuffix("\"possible_causes\":[\"\(cause)\"]}\n"))
        #expect(try await own.ask("/debug/decisions?format=text").body == "no decisions: \(cause)\n")
        #expect(try await own.ask("/debug/decisions").body == "{\"decisions\":[]}\n")
        await own.stop()
    }
}

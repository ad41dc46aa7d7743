import CollectorCore
import CollectorTestKit
import Testing

@testable import CollectorService

@Suite struct DecisionPagesTests {
    private let keptPath = "/debug/decisions/5b8aa5a2d2c872e8321cf37308d69df2"

    /// The last digits of the trace ids in the order of the answer.
    private func ids(_ answer: TelemetryFixture.Answer) -> [String] {
        answer.body.split(separator: #""trace_id":""#).dropFirst().map { String($0.prefix(32).suffix(2)) }
    }

    @Test func `a decision is told whole`() async throws {
        let own = try await TelemetryFixture([.kept, .dropped(1)])
        for path in [keptPath, keptPath.uppercased().replacing("/DEBUG/DECISIONS", with: "/debug/decisions")] {
            let answer = try await own.ask(path)
            #expect(answer.status == "200")
            #expect(answer.head.contains("content-type: application/json"))
            #expect(
                answer.body == """
                    {"decisions":[{"trace_id":"5b8aa5a2d2c872e8321cf37308d69df2","sampler":"tail_sampling",\
                    "decision":"kept","time":"2026-11-21T04:12:09.123456789Z","policy":"one-percent",\
                    "trigger":"timeout","spans":7,"bytes":3129,"duration_ms":412,"service":"checkout",\
                    "threshold":"fd70a3d70a3d71","probability":0.01,"late_spans":2,"votes":[\
                    {"policy":"slow","decision":"not_sampled","shadow":false,"reason":"latency 412 ms < 500 ms","part":null},\
                    {"policy":"one-percent","decision":"sampled","shadow":false,"reason":"in the lowest 1 %","part":"one/half"},\
                    {"policy":"tried","decision":"not_asked","shadow":true,"reason":"","part":null}]}]}

                    """)
        }
        await own.stop()
    }

    @Test func `what a decision does not have is null`() async throws {
        let own = try await TelemetryFixture([.dropped(1)])
        let body = try await own.ask("/debug/decisions").body
        for member in [
            #""decision":"dropped""#, #""policy":null"#, #""threshold":null"#, #""probability":null"#,
            #""duration_ms":0.25"#,
        ] {
            #expect(body.contains(member), "\(member)")
        }
        await own.stop()
    }

    @Test func `every sampler that knows the trace tells what it decided, newest first`() async throws {
        var later = TraceDecision.dropped(1, sampler: "tail_sampling/eu")
        later.decidedAt += 5
        let own = try await TelemetryFixture([.dropped(1), .dropped(2)], [later])
        let body = try await own.ask("/debug/decisions/00000000000000000000000000000001").body
        let samplers = body.split(separator: #""sampler":""#).dropFirst().map { $0.prefix { $0 != "\"" } }
        #expect(samplers == ["tail_sampling/eu", "tail_sampling"])
        await own.stop()
    }

    @Test func `people read the same by parameter or by Accept, and the parameter wins`() async throws {
        let own = try await TelemetryFixture([.kept])
        let expected = """
            trace 5b8aa5a2d2c872e8321cf37308d69df2  kept by tail_sampling at 2026-11-21T04:12:09.123Z
              trigger timeout   policy one-percent   spans 7   bytes 3129   duration 412 ms   service checkout
              threshold fd70a3d70a3d71   probability 0.01   late spans 2

              slow         not sampled         latency 412 ms < 500 ms
              one-percent  sampled             in the lowest 1 %
              tried        not asked (shadow)

            """
        for (query, headers) in [
            ("?format=text", []), ("", ["Accept: text/plain"]), ("", ["Accept: text/html, text/plain;q=0.9, */*"]),
            ("?format=text", ["Accept: application/json"]),
        ] {
            let answer = try await own.ask(keptPath + query, headers: headers)
            #expect(answer.body == expected)
            #expect(answer.head.contains("content-type: text/plain; charset=utf-8"))
        }
        for (query, headers) in [
            ("", ["Accept: */*"]), ("?format=json", ["Accept: text/plain"]),
            ("", ["Accept: application/json, text/plain"]),
        ] {
            #expect(try await own.ask(keptPath + query, headers: headers).body.hasPrefix(#"{"decisions":[{"#))
        }
        await own.stop()
    }

    @Test(arguments: [
        ("", ["05", "04", "03", "02", "01", "f2"]), ("?decision=kept", ["f2"]), ("?decision=sampled", ["f2"]),
        ("?decision=dropped&service=shop", ["05", "03", "01"]), ("?decision=not_sampled&limit=2", ["05", "04"]),
        ("?policy=one-percent", ["f2"]), ("?policy=slow", []), ("?service=caf%C3%A9+%26%20bar", ["04", "02"]),
        ("?serv%69ce=caf%c3%a9+%26+bar", ["04", "02"]),
        ("?policy=&service=&decision=&limit=&format=", ["05", "04", "03", "02", "01", "f2"]),
        ("?policy=tried", []), ("?voted=one-percent", ["f2"]), ("?voted=slow", []), ("?&&limit=1&", ["05"]),
        ("?service=nowhere", []),
    ])
    func `the latest decisions can be filtered`(_ query: String, _ expected: [String]) async throws {
        var kept = TraceDecision.kept
        kept.decidedAt = 1
        let own = try await TelemetryFixture(
            [kept, .dropped(1), .dropped(3), .dropped(5)],
            [.dropped(2, service: "café & bar"), .dropped(4, service: "café & bar")])
        let answer = try await own.ask("/debug/decisions" + query)
        #expect(answer.status == "200")
        #expect(ids(answer) == expected)
        await own.stop()
    }

    @Test func `a hundred decisions are listed unless asked otherwise, a thousand at most`() async throws {
        let own = try await TelemetryFixture((1...1100).map { .dropped($0) })
        #expect(ids(try await own.ask("/debug/decisions")).count == 100)
        #expect(ids(try await own.ask("/debug/decisions?limit=1000")).count == 1000)
        #expect(try await own.ask("/debug/decisions?limit=1001").status == "400")
        await own.stop()
    }

    @Test func `the list for people has a line per decision`() async throws {
        let own = try await TelemetryFixture([.kept, .dropped(1, service: "")])
        #expect(
            try await own.ask("/debug/decisions?format=text").body == """
                TIME                      DECISION  TRACE                             \
                SAMPLER        POLICY       TRIGGER  SPANS  DURATION  SERVICE
                2026-11-21T04:12:09.123Z  kept      5b8aa5a2d2c872e8321cf37308d69df2  \
                tail_sampling  one-percent  timeout  7      412 ms    checkout
                2023-11-14T22:13:20.000Z  dropped   00000000000000000000000000000001  \
                tail_sampling  -            root     1      0.25 ms   -

                """)
        await own.stop()
    }

    @Test func `a decision of which only the verdict is left says so`() async throws {
        var remembered = TraceDecision.dropped(1, service: "")
        remembered.trigger = "cache"
        remembered.votes = []
        remembered.spanCount = 0
        var unasked = TraceDecision.dropped(2)
        unasked.trigger = "too_large"
        unasked.votes = []
        let own = try await TelemetryFixture([remembered, unasked])
        // What is forgotten is not known: no zeros.
        #expect(
            try await own.ask("/debug/decisions/00000000000000000000000000000001").body.contains(
                #""trigger":"cache","spans":null,"bytes":null,"duration_ms":null,"service":null,"threshold":null,"#
                    + #""probability":null,"late_spans":null,"votes":[]"#))
        let cached = try await own.ask("/debug/decisions/00000000000000000000000000000001?format=text").body
        #expect(cached.hasSuffix("\n  trigger cache\n\n  only the verdict is remembered, for late spans\n"))
        let large = try await own.ask("/debug/decisions/00000000000000000000000000000002?format=text").body
        #expect(large.contains("trigger too_large   spans 1") && large.hasSuffix("\n\n  no policy was asked\n"))
        await own.stop()
    }

    @Test func `hostile names stay inside their strings and their lines`() async throws {
        let hostile = "a\"},{\\\n\u{1B}[2J\u{0}\u{202E}é"
        var decision = TraceDecision.dropped(1, service: hostile)
        decision.policy = hostile
        decision.votes = [.init(policy: hostile, answer: .error, isShadow: false, reason: hostile)]
        let own = try await TelemetryFixture([decision])
        let json = try await own.ask("/debug/decisions?service=a%22%7D%2C%7B%5C%0A%1B%5B2J%00%E2%80%AE%C3%A9").body
        let escaped = #""a\"},{\\\n\u001b[2J\u0000"# + "\u{202E}é\""
        #expect(json.contains(#""policy":\#(escaped),"trigger""#))
        #expect(json.contains(#""service":\#(escaped),"threshold""#))
        #expect(
            json.contains(
                #""votes":[{"policy":\#(escaped),"decision":"error","shadow":false,"reason":\#(escaped),"part":null}]}]}"#
            ))
        #expect(json.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
        for path in ["/debug/decisions", "/debug/decisions/00000000000000000000000000000001"] {
            let text = try await own.ask(path + "?format=text").body
            #expect(text.contains(#"a"},{\\n\u{1b}[2J\u{0}\u{202e}é"#))
            #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "\u{202E}" || $0 == "\n" })
            #expect(text.split(separator: "\n").count == (path.hasSuffix("1") ? 3 : 2))
        }
        await own.stop()
    }
}

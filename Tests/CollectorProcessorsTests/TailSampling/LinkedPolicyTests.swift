import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

/// Trace 1 is kept for its error and has a link to trace 2, which nobody else wants.
@Suite("tail_sampling: linked")
struct LinkedPolicyTests {
    private func harness(
        shards: Int = 1, wait: String = "10s", _ settings: (String, TestConfig)...
    ) throws -> TailSamplingHarness {
        try TailSamplingHarness(
            .map(
                [
                    ("decision_wait", .scalar(wait)), ("num_shards", .scalar("\(shards)")),
                    ("policies", Self.policies),
                ] + settings))
    }

    private static let policies: TestConfig = .list([
        .section(("name", "errors"), ("type", "status_code"), ("status_code", ["status_codes": ["ERROR"]])),
        .section(("name", "linked"), ("type", "linked"), ("linked", ["budget_per_second": 1000])),
        .section(
            ("name", "no-bots"), ("type", "drop"),
            (
                "drop",
                [
                    "drop_sub_policy": .list([
                        .section(
                            ("name", "bot"), ("type", "string_attribute"),
                            ("string_attribute", ["key": "agent", "values": ["bot"]]))
                    ])
                ]
            )),
    ])

    private func span(_ trace: UInt64, links: [UInt64] = [], isError: Bool = false) -> TestSpan {
        var span = TestSpan(.test(trace), statusCode: isError ? 2 : nil)
        span.links = links.map { .test($0) }
        return span
    }

    private var linker: TestSpan { span(1, links: [2], isError: true) }
    private var target: TestSpan { span(2) }

    private func decision(_ harness: TailSamplingHarness, _ trace: UInt64) -> TraceDecision? {
        harness.context.decisions.decisions(of: .test(trace)).first
    }

    @Test(
        "In one request both are kept, whichever comes first and in whatever shards they are", arguments: [1, 2, 4],
        [true, false])
    func oneRequest(shards: Int, isTargetFirst: Bool) throws {
        let harness = try harness(shards: shards)
        // Several pairs, so that with several shards some are in one and some in two.
        let pairs = (0..<16 as Range<UInt64>).map { (span(100 + $0, links: [200 + $0], isError: true), span(200 + $0)) }
        try harness.send(tracesRequest(pairs.flatMap { isTargetFirst ? [$1, $0] : [$0, $1] }))
        harness.advance(.seconds(11))
        #expect(try harness.receivedTraces().count == 32)
        #expect(harness.metric("decisions", ["trigger": "timeout"]) == 32)
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("A shadow holds no trace: it votes with what is known in time")
    func shadow() throws {
        let harness = try TailSamplingHarness([
            "decision_wait": "10s", "num_shards": 1,
            "policies": .list([
                .section(("name", "errors"), ("type", "status_code"), ("status_code", ["status_codes": ["ERROR"]])),
                .section(("name", "linked"), ("type", "linked"), ("shadow", true)),
            ]),
        ])
        try harness.send(target)
        harness.advance(.seconds(9))
        try harness.send(linker)
        harness.advance(.seconds(2))
        #expect(decision(harness, 2)?.votes.map(\.answer) == [.notSampled, .notSampled])
        harness.advance(.seconds(9))
        #expect(try harness.receivedTraces() == [.test(1)])
        try harness.send(span(3, links: [4], isError: true))
        harness.advance(.seconds(11))
        try harness.send(span(4))
        harness.advance(.seconds(11))
        #expect(decision(harness, 4)?.votes.map(\.answer) == [.notSampled, .sampled])
        #expect(try harness.receivedTraces() == [.test(1), .test(3)])
    }

    @Test("A trace that is due before the one that has a link to it is held until that is decided")
    func olderTarget() throws {
        let harness = try harness()
        try harness.send(target)
        harness.advance(.seconds(9))
        try harness.send(linker)
        harness.advance(.seconds(2))
        #expect(try harness.receivedTraces().isEmpty)
        #expect(decision(harness, 2) == nil)
        // Spans that come meanwhile still belong to it.
        try harness.send(TestSpan(.test(2), spanID: 2))
        harness.advance(.seconds(9))
        #expect(try harness.received().count == 3)
        let decided = try #require(decision(harness, 2))
        #expect(decided.policy == "linked" && decided.spanCount == 2)
        #expect(decided.votes.map(\.reason).contains("a kept trace links to it"))
        // Each policy voted once.
        #expect(harness.metric("sampling_policy_execution_count", ["policy": "errors"]) == 2)
    }

    @Test("A trace that comes when the one with a link to it has been kept is kept too", arguments: [1, 3])
    func lateTarget(shards: Int) throws {
        let harness = try harness(shards: shards)
        try harness.send(linker)
        harness.advance(.seconds(15))
        try harness.send(target)
        harness.advance(.seconds(11))
        #expect(try harness.receivedTraces() == [.test(1), .test(2)])
        // Long afterwards the same id would be another trace.
        try harness.send(span(3, links: [4], isError: true))
        harness.advance(.seconds(60))
        try harness.send(span(4))
        harness.advance(.seconds(40))
        #expect(decision(harness, 4)?.isKept == false)
    }

    @Test("A late span's links count when its trace was kept")
    func lateLinker() throws {
        let harness = try harness()
        try harness.send(span(1, isError: true))
        harness.advance(.seconds(11))
        try harness.send(target, span(5))
        try harness.send(span(1, links: [2]))
        harness.advance(.seconds(11))
        #expect(try harness.receivedTraces() == [.test(1), .test(2)])
    }

    @Test("What is kept for a link has its own links followed, whatever the order of the chain")
    func chain() throws {
        for order in [[1, 2, 3, 4], [4, 3, 2, 1], [3, 1, 4, 2]] as [[UInt64]] {
            let harness = try harness(shards: 2)
            for trace in order {
                try harness.send(span(trace, links: trace < 4 ? [trace + 1] : [], isError: trace == 1))
                harness.advance(.seconds(1))
            }
            harness.advance(.seconds(20))
            #expect(try harness.receivedTraces().count == 4, "\(order)")
        }
    }

    @Test("When no linker is kept, a trace is dropped as soon as the last of them is decided")
    func droppedLinkers() throws {
        let harness = try harness()
        try harness.send(target)
        harness.advance(.seconds(2))
        try harness.send(span(1, links: [2]))
        harness.advance(.seconds(2))
        try harness.send(span(3, links: [2]))
        harness.advance(.milliseconds(8900))
        #expect(decision(harness, 1) != nil && decision(harness, 2) == nil)
        harness.advance(.milliseconds(1300))
        #expect(decision(harness, 2)?.isKept == false)
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("Traces with links to each other wait for twice decision_wait at most; a link to itself is none")
    func circles() throws {
        let harness = try harness()
        try harness.send(span(1, links: [2]), span(2, links: [1]), span(3, links: [3]))
        harness.advance(.milliseconds(10_100))
        #expect(decision(harness, 3) != nil && decision(harness, 1) == nil && decision(harness, 2) == nil)
        harness.advance(.seconds(10))
        #expect(decision(harness, 1)?.isKept == false && decision(harness, 2)?.isKept == false)
    }

    @Test("What policies want or drop is not held")
    func decidedAnyway() throws {
        let harness = try harness()
        var bot = target
        bot.attributes = ["agent": "bot"]
        try harness.send(bot, span(3, isError: true))
        harness.advance(.seconds(5))
        try harness.send(span(1, links: [2, 3], isError: true))
        harness.advance(.milliseconds(5100))
        #expect(decision(harness, 2)?.isKept == false && decision(harness, 3)?.policy == "errors")
        harness.advance(.seconds(10))
        #expect(try harness.receivedTraces() == [.test(1), .test(3)])
    }

    @Test("Traces that are too many are decided at once, those first that are held")
    func overflow() throws {
        let harness = try harness(("num_traces", 3))
        try harness.send(target)
        harness.advance(.seconds(9))
        try harness.send(span(1, links: [2]))
        harness.advance(.seconds(2))
        try harness.send(span(3), span(4))
        #expect(decision(harness, 2)?.trigger == "num_traces")
        #expect(decision(harness, 1) == nil)
    }

    @Test("At shutdown linked traces are kept too", arguments: [1, 4])
    func shutdown(shards: Int) async throws {
        let harness = try harness(shards: shards)
        try harness.send(span(3), span(2, links: [3]), span(4))
        harness.advance(.seconds(1))
        try harness.send(linker)
        await harness.shutdown()
        #expect(try harness.receivedTraces() == [.test(1), .test(2), .test(3)])
        #expect(harness.context.account.imbalance == nil)
    }

    @Test("The links of a long trace all count, up to 128 of a span")
    func manyLinks() throws {
        let harness = try harness(shards: 2)
        for number in 0..<600 as Range<UInt64> {
            var span = TestSpan(.test(1), spanID: number + 1, statusCode: 2)
            span.links = [.test(1000 + number)]
            try harness.send(span)
        }
        try harness.send(span(2, links: Array(5000..<5200), isError: true))
        try harness.send(tracesRequest((Array(1000..<1600) + Array(5000..<5200)).map { span($0) }))
        harness.advance(.seconds(40))
        let kept = try harness.receivedTraces()
        #expect(kept.count { (1000..<1600).map { TraceID.test($0) }.contains($0) } == 600)
        #expect(kept.contains(.test(5127)) && !kept.contains(.test(5128)))
    }

    @Test("Links to very many traces take a bounded part of the window")
    func boundedTable() throws {
        let harness = try harness(("max_buffer_mib", 2), ("decision_records", 10))
        for round in 0..<200 as Range<UInt64> {
            try harness.send(span(1 + round, links: Array(10_000 + round * 128..<10_128 + round * 128)))
        }
        #expect(harness.metric("buffer_bytes") <= Double(2 << 20))
        try harness.send(linker, target)
        harness.advance(.seconds(21))
        #expect(try harness.receivedTraces().isSuperset(of: [.test(1), .test(2)]))
        #expect(harness.context.account.imbalance == nil)
    }
}

@Suite("tail_sampling: the table of linked traces")
struct LinkTableTests {
    @Test("It says what a model says")
    func model() {
        var allowance = MemoryAllowance(limit: 1 << 20, reservation: nil)
        guard var table = LinkTable(limit: 2048, retention: 1000, &allowance) else {
            Issue.record("there is no memory")
            return
        }
        var random = SeededGenerator(seed: 3)
        var model: [UInt64: (undecided: UInt32, isWanted: Bool)] = [:]
        for _ in 0..<100_000 {
            let hash = UInt64.random(in: 1...1500, using: &random) &* 0x9e37_79b9_7f4a_7c15
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1:
                table.expect(hash, now: 1, &allowance)
                model[hash, default: (0, false)].undecided += 1
            case 2:
                table.keep(hash, now: 1, &allowance)
                model[hash, default: (0, false)].isWanted = true
            case 3:
                let isLast = table.release(hash)
                var known = model[hash] ?? (0, false)
                known.undecided = known.undecided > 0 ? known.undecided - 1 : 0
                #expect(isLast == (known.undecided == 0 && !known.isWanted))
                model[hash] = isLast ? nil : known
            default:
                table.remove(hash)
                model[hash] = nil
            }
            let found = table.find(hash, now: 1000)
            #expect(found?.undecided == model[hash]?.undecided && found?.isWanted == model[hash]?.isWanted)
        }
        #expect(allowance.used <= LinkTable.smallestBytes + 2048 * LinkTable.bytesPerTarget)
        for hash in model.keys { table.remove(hash) }
        let isEmpty = table.isEmpty
        #expect(isEmpty)
    }

    @Test("When it is full the one linked to longest ago gives way, and what is too old is forgotten")
    func forgets() {
        var allowance = MemoryAllowance(limit: 1 << 20, reservation: nil)
        guard var table = LinkTable(limit: 1000, retention: 5000, &allowance) else {
            Issue.record("there is no memory")
            return
        }
        for number in 1...3000 as ClosedRange<UInt64> {
            table.keep(number, now: number, &allowance)
            table.keep(1, now: number, &allowance)
        }
        var known: [UInt64] = []
        for number in 1...3000 as ClosedRange<UInt64> where table.find(number, now: 3000) != nil {
            known.append(number)
        }
        #expect(known == [1] + Array(2002...3000))
        #expect(allowance.used <= LinkTable.smallestBytes + 1000 * LinkTable.bytesPerTarget)
        let isYoung = table.find(2002, now: 7002) != nil
        let isOld = table.find(2002, now: 7003) == nil
        #expect(isYoung && isOld)
        for now in [8001, 9000] as [UInt64] { table.trim(now: now, &allowance) }
        let isEmpty = table.isEmpty
        #expect(isEmpty)
        #expect(allowance.used <= LinkTable.smallestBytes + LinkTable.smallestLimit * LinkTable.bytesPerTarget)
    }
}

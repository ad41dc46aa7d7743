import CollectorCore
import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

@Suite struct PendingVerdictsTests {
    private let resource = AttributeSetHash([UInt8]().span, message: .empty, fieldNumber: 1)
    private var memory = ExemplarMemory(ByteBudget(limit: 1 << 30, now: { 0 }))

    private func entry(_ trace: TraceID, span: UInt64 = 1) -> PendingVerdicts.Entry {
        let exemplar = Exemplar(traceID: trace, spanID: span, value: 1, timeNanoseconds: 2)
        let bytes: [UInt8] = []
        let key = SeriesKey(
            resource: resource, scope: ScopeHash(bytes.span, scope: .empty), name: .empty, point: resource, bytes.span)
        return .init(exemplar: ReadyExemplar(exemplar: exemplar), series: key, resource: resource, isFromPoint: true)
    }

    /// The shortest of five tries: a busy machine makes single ones longer, never shorter.
    private mutating func shortestTime(_ count: UInt64, _ trace: (UInt64) -> TraceID) -> Duration {
        var shortest = Duration.seconds(3600)
        for _ in 0..<5 {
            var pending = PendingVerdicts(limit: 20_000)
            let time = ContinuousClock().measure {
                for number in 0..<count {
                    _ = pending.add(entry(trace(number), span: number), until: 1, &memory)
                }
            }
            shortest = min(shortest, time)
        }
        return shortest
    }

    @Test mutating func `many exemplars of one trace cost what those of many traces do`() {
        let apart = shortestTime(10_000) { .test($0) }
        let same = shortestTime(10_000) { _ in .test(1) }
        #expect(same < apart * 10, "each compared with all before: \(same), not \(apart)")
    }

    @Test mutating func `the same entry waits once, and beyond the limit none`() {
        var pending = PendingVerdicts(limit: 4)
        let additions = [1, 1, 2, 3, 4, 5, 1].map { pending.add(entry(.test(1), span: $0), until: 9, &memory) }
        #expect(additions == [.added, .known, .added, .added, .full, .full, .known])
        #expect(pending.take(.test(1), &memory).count == 3)
        #expect(memory.bytes == 0)
    }

    @Test mutating func `a trace that was decided and comes again waits for its own deadline`() {
        var pending = PendingVerdicts(limit: 10)
        _ = pending.add(entry(.test(1)), until: 10, &memory)
        _ = pending.take(.test(1), &memory)
        _ = pending.add(entry(.test(1)), until: 20, &memory)
        #expect(pending.expired(10, &memory).isEmpty)
        #expect(pending.expired(20, &memory).count == 1)
    }

    @Test mutating func `traces that were decided early are forgotten with their deadlines`() {
        var pending = PendingVerdicts(limit: 10)
        for number in 0..<10_000 as Range<UInt64> {
            _ = pending.add(entry(.test(number)), until: number, &memory)
            _ = pending.take(.test(number), &memory)
        }
        #expect(pending.nextDeadline ?? .max > 9900)
    }
}

import CollectorCore
import CollectorTestKit
import OTLPWire
import Synchronization
import Testing

@Suite struct TraceVerdictsTests {
    private let clock = ManualClock()

    @Test func `the latest verdict stands`() {
        let verdicts = TraceVerdicts(clock: clock)
        #expect(verdicts.verdict(of: .test(1)) == nil)
        verdicts.record([.test(1), .test(2)], .kept)
        verdicts.record([.test(2)], .lost)
        #expect(verdicts.verdict(of: .test(1)) == .kept)
        #expect(verdicts.verdict(of: .test(2)) == .lost)
    }

    @Test func `what was lost stays lost, whatever else of it is kept`() {
        let verdicts = TraceVerdicts(clock: clock, retention: .seconds(10))
        let heard = Mutex<[TraceID]>([])
        verdicts.observe { traces, verdict in
            if verdict == .kept { heard.withLock { $0 += traces } }
        }
        verdicts.record([.test(1)], .lost)
        for _ in 0..<5 {
            clock.advance(by: .seconds(8))
            verdicts.record([.test(1), .test(2)], .kept)
            #expect(verdicts.verdict(of: .test(1)) == .lost)
        }
        #expect(verdicts.verdict(of: .test(2)) == .kept)
        #expect(heard.withLock { Set($0) } == [.test(2)])
    }

    @Test func `a verdict is remembered for one retention time at least and for two at most`() {
        let verdicts = TraceVerdicts(clock: clock, retention: .seconds(10))
        verdicts.record([.test(1)], .kept)
        clock.advance(by: .seconds(10))
        verdicts.record([.test(2)], .dropped)
        #expect(verdicts.verdict(of: .test(1)) == .kept)
        clock.advance(by: .milliseconds(9999))
        verdicts.record([.test(3)], .dropped)
        #expect(verdicts.verdict(of: .test(1)) == .kept)
        clock.advance(by: .milliseconds(1))
        verdicts.record([.test(4)], .dropped)
        #expect(verdicts.verdict(of: .test(1)) == nil)
        #expect(verdicts.verdict(of: .test(2)) == .dropped)
    }

    @Test func `a full generation makes room for a new one`() {
        let verdicts = TraceVerdicts(clock: clock, capacity: 2)
        verdicts.record((1...5).map { .test($0) }, .kept)
        #expect((1...5).map { verdicts.verdict(of: .test($0)) } == [nil, nil, .kept, .kept, .kept])
    }

    @Test func `retention is at least twice the longest decision wait`() {
        let verdicts = TraceVerdicts(clock: clock, retention: .seconds(10))
        #expect(!verdicts.hasSampler && verdicts.decisionWait == nil)
        verdicts.addSampler(decisionWait: .seconds(30))
        verdicts.addSampler(decisionWait: .zero)
        #expect(verdicts.hasSampler && verdicts.decisionWait == Duration.seconds(30).nanoseconds)
        verdicts.record([.test(1)], .kept)
        clock.advance(by: .seconds(59))
        verdicts.record([.test(2)], .kept)
        clock.advance(by: .seconds(59))
        verdicts.record([.test(3)], .kept)
        #expect(verdicts.verdict(of: .test(1)) == .kept)
    }

    @Test func `observers hear of every record, which stands already then`() {
        let verdicts = TraceVerdicts(clock: clock)
        #expect(!verdicts.isObserved)
        let heard = HeardTraces()
        verdicts.observe { [weak verdicts] traces, verdict in
            guard traces.allSatisfy({ verdicts?.verdict(of: $0) == verdict }) else { return }
            heard.append(traces)
        }
        #expect(verdicts.isObserved)
        verdicts.record([], .kept)
        verdicts.record([.test(1), .test(2)], .dropped)
        #expect(heard.all == [.test(1), .test(2)])
    }
}

private final class HeardTraces: Sendable {
    private let state = Mutex<[TraceID]>([])

    var all: [TraceID] { state.withLock { $0 } }
    func append(_ traces: [TraceID]) { state.withLock { $0 += traces } }
}

@Suite struct ExemplarExchangeTests {
    private final class Sink: ExemplarSink {
        private let state = Mutex<(offered: [Exemplar], withdrawn: Set<TraceID>)>(([], []))
        var offered: [Exemplar] { state.withLock { $0.offered } }
        var withdrawn: Set<TraceID> { state.withLock { $0.withdrawn } }

        func offer(_ exemplar: Exemplar, to series: SeriesKey) -> Bool {
            state.withLock { $0.offered.append(exemplar) }
            return true
        }

        func withdraw(_ traces: Set<TraceID>) { state.withLock { $0.withdrawn.formUnion(traces) } }
    }

    @Test func `every store that registered gets what is offered and withdrawn from then on`() {
        let exchange = ExemplarExchange()
        let (first, second) = (Sink(), Sink())
        let bytes: [UInt8] = []
        let hash = AttributeSetHash(bytes.span, message: ByteRange(0, 0), fieldNumber: 1)
        let key = SeriesKey(
            resource: hash, scope: ScopeHash(bytes.span, scope: .empty), name: .empty, point: hash, bytes.span)
        let exemplars = [1, 2].map { Exemplar(traceID: .test($0), spanID: 1, value: 2, timeNanoseconds: 3) }
        exchange.register(first)
        exchange.offer(exemplars[0], to: key)
        exchange.register(second)
        exchange.offer(exemplars[1], to: key)
        exchange.withdraw([.test(1)])
        #expect(first.offered == exemplars && second.offered == [exemplars[1]])
        #expect(first.withdrawn == [.test(1)] && second.withdrawn == [.test(1)])
    }
}

import CollectorCore
import CollectorProcessors
import CollectorTestKit
import OTLPWire

/// A second metrics side of a fixture's processor, whose downstream records a loss while it takes a batch.
struct ExemplarsTestHook {
    private let fixture: ExemplarsFixture

    init(_ fixture: ExemplarsFixture) {
        self.fixture = fixture
    }

    func sendPoint(_ point: TestHistogramPoint, losing trace: TraceID) throws {
        let factory = ExemplarsFactory()
        let next = LosingConsumer(fixture, trace)
        let metrics = try factory.make(
            factory.read([:]).config, fixture.test.context(ComponentID(type: "exemplars")), signal: .metrics,
            next: next)
        let metric = TestMetric("http.server.duration", unit: "ms", .histogram([point]))
        _ = try metrics.consume(.metrics(metric))
    }
}

/// Loses a trace, then shows the exemplars of the batch, as a scrape endpoint that is just too late does.
private final class LosingConsumer: Consumer {
    private let fixture: ExemplarsFixture
    private let trace: TraceID

    init(_ fixture: ExemplarsFixture, _ trace: TraceID) {
        self.fixture = fixture
        self.trace = trace
    }

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        ClosureAdmission { [self] in
            fixture.decide(trace, .lost)
            for point in (try? batch.readHistogramPoints()) ?? [] {
                for exemplar in point.exemplars { fixture.scrape.show(exemplar.traceID) }
            }
            return .done()
        }
    }
}

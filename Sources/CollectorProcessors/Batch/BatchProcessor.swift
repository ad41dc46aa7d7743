// `batch`: joins the segments of several requests to one batch. The client is answered when its items are taken in;
// from then on they are this processor's: refused downstream for now, they are kept, counted as held and tried again,
// and new ones are refused at a limit, so that pressure reaches the clients. They are given up only when a shutdown's
// time is over.
//
// Sends on the thread whose batch reached the size, else on the clock's.

import CollectorCore
import Synchronization

/// One `batch` processor.
final class BatchProcessor: ConsumingComponent {
    private struct State {
        var assembly: BatchAssembly
        /// The earliest time for which the clock will call.
        var armedAt: UInt64?
    }

    private let next: any Consumer
    private let clock: any CollectorClock
    private let log: Log
    private let account: Account
    private let verdicts: TraceVerdicts
    private let telemetry: BatchTelemetry
    private let droppedAtShutdown: Counter
    private let droppedAsRefused: Counter
    private let refusedDownstream: Counter
    private let givenUpDownstream: Counter
    private let state: Mutex<State>

    init(_ config: BatchConfig, _ context: ComponentContext, signal: Signal, next: any Consumer) {
        self.next = next
        clock = context.clock
        log = context.log
        account = context.account
        verdicts = context.verdicts
        telemetry = BatchTelemetry(context, config)
        droppedAtShutdown = account.dropped("\(context.id)", "still refused at the end of the shutdown")
        droppedAsRefused = account.dropped("\(context.id)", "refused permanently")
        refusedDownstream = account.dropped("\(context.id)", "refused downstream")
        givenUpDownstream = account.dropped("\(context.id)", "given up by the exporter")
        state = Mutex(State(assembly: BatchAssembly(config, signal: signal)))
        account.addHolder { [weak self] in self?.state.withLock { $0.assembly.heldCount } ?? 0 }
    }

    func start() async throws(ComponentError) {}

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        let now = clock.now()
        try state.withLock { (state) throws(DeliveryError) in try state.assembly.reserve(batch.itemCount, now: now) }
        return ClosureAdmission { [self] in
            state.withLock { $0.assembly.add(batch, now: clock.now()) }
            pump()
            return .done()
        } withdraw: { [self] in
            state.withLock { $0.assembly.release(batch.itemCount) }
        }
    }

    /// Sends what is due, again and again until the deadline, then counts the rest as dropped.
    func shutdown(deadline: UInt64) async {
        state.withLock { $0.assembly.close() }
        pump()
        while let wakeUp = state.withLock({ $0.assembly.wakeUp }), clock.now() < deadline {
            await withCheckedContinuation { continuation in
                clock.schedule(at: min(max(wakeUp, clock.now()), deadline)) { continuation.resume() }
            }
            pump()
        }
        let lost = state.withLock { $0.assembly.discard() }.filter { !$0.isEmpty }
        guard !lost.isEmpty else { return }
        for batch in lost { drop(batch, droppedAtShutdown) }
        log.error(
            "dropped \(lost.reduce(0) { $0 + $1.itemCount }) items that the next component still refused at the end of "
                + "the shutdown")
    }

    /// Sends everything that is due and sees to it that the clock calls for the rest.
    private func pump() {
        while let (batch, trigger) = state.withLock({ $0.assembly.next(now: clock.now()) }) {
            telemetry.assembled(batch, trigger)
            send(batch)
        }
        arm()
    }

    private func arm() {
        let deadline = state.withLock { state -> UInt64? in
            guard let wakeUp = state.assembly.wakeUp, wakeUp < state.armedAt ?? .max else { return nil }
            state.armedAt = wakeUp
            return wakeUp
        }
        guard let deadline else { return }
        clock.schedule(at: deadline) { [weak self] in
            guard let self else { return }
            state.withLock { state in
                if state.armedAt == deadline { state.armedAt = nil }
            }
            pump()
        }
    }

    private func send(_ batch: Batch) {
        guard let error = deliver(batch) else { return }
        guard batch.segments.count > 1 else {
            giveUp(batch, error)
            return
        }
        // One sender's data must not cost the others theirs: only the segments that are refused alone are dropped.
        for segment in batch.segments {
            let single = Batch(signal: batch.signal, segments: [segment])
            if let error = deliver(single) { giveUp(single, error) }
        }
    }

    /// Hands a batch on, or keeps it for another try; returns the error when there is no point in trying again.
    private func deliver(_ batch: Batch) -> DeliveryError? {
        do {
            settle(
                try account.whileInside(batch.itemCount) { () throws(DeliveryError) in try next.consume(batch) }, batch)
            state.withLock { $0.assembly.wasTaken() }
            return nil
        } catch  where error.isRetryable {
            state.withLock { $0.assembly.wasRefused(batch, after: error.retryAfter, now: clock.now()) }
            return nil
        } catch {
            return error
        }
    }

    /// Books what downstream did not deliver of a batch it took. A failure means that the exporter has ended its own
    /// retries and has recorded what became of the items, so they are not sent again.
    private func settle(_ acceptance: Acceptance, _ batch: Batch) {
        switch acceptance {
        case .done(let refused): refusedDownstream.add(refused?.count ?? 0)
        case .pending(let completion):
            completion.whenFulfilled { [refusedDownstream, givenUpDownstream, log, items = batch.itemCount] outcome in
                switch outcome {
                case .success(let refused): refusedDownstream.add(refused?.count ?? 0)
                case .failure(let error):
                    givenUpDownstream.add(items)
                    log.warn("\(items) items were given up by the exporter: \(error)")
                }
            }
        }
    }

    private func giveUp(_ batch: Batch, _ error: DeliveryError) {
        drop(batch, droppedAsRefused)
        log.error("dropped \(batch.itemCount) items that the next component refused: \(error)")
    }

    /// Nothing may refer to a trace that a sampler kept and that is given up here.
    private func drop(_ batch: Batch, _ counter: Counter) {
        counter.add(batch.itemCount)
        verdicts.record(batch.traceIDs, .lost)
    }
}

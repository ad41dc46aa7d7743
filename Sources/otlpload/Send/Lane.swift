import Glibc
import NIOCore

/// Sends one request after the other. On its event loop only.
///
/// At a fixed rate a request's latency runs from when it was due, so that one slow answer counts against all the
/// requests it held up.
final class Lane {
    private let eventLoop: any EventLoop
    private let sender: any RequestSender
    private let itemsPerRequest: Int
    private let maximumRequests: Int
    private let errorPause: TimeAmount
    /// Between requests; nil for flat out.
    private let interval: TimeAmount?
    private var supply: BodySupply

    private var tally = LaneTally()
    private var end = NIODeadline.distantPast
    private var due = NIODeadline.distantPast
    private var finished: EventLoopPromise<LaneTally>?

    init(_ plan: LoadPlan, sender: any RequestSender, supply: BodySupply, eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.sender = sender
        self.supply = supply
        itemsPerRequest = plan.itemsPerRequest
        maximumRequests = plan.maximumRequests.map { ($0 + plan.lanes - 1) / plan.lanes } ?? .max
        errorPause = TimeAmount(plan.errorPause)
        interval = plan.rate.map { .nanoseconds(Int64(1e9 * Double(plan.lanes) / max($0, 1e-3))) }
    }

    /// Sends until `end`, or all the requests there are; the promise is kept when the last answer has come.
    ///
    /// - Parameter start: when the first request is due.
    func run(from start: NIODeadline, until end: NIODeadline, _ promise: EventLoopPromise<LaneTally>) {
        tally = LaneTally()
        self.end = end
        due = start
        finished = promise
        schedule()
    }

    private func schedule() {
        let now = NIODeadline.now()
        guard max(now, due) < end, tally.requests < maximumRequests else { return finish() }
        guard due > now else { return fire() }
        let lane = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(deadline: due) { lane.value.fire() }
    }

    private func fire() {
        let body = supply.take(wallTime: Self.wallTime)
        let start = interval == nil ? NIODeadline.now() : due
        let lane = NIOLoopBound(self, eventLoop: eventLoop)
        sender.send(body) { outcome in lane.value.answered(outcome, start: start) }
    }

    private func answered(_ outcome: RequestOutcome, start: NIODeadline) {
        let now = NIODeadline.now()
        tally.requests += 1
        tally.latencies.append(UInt64(clamping: (now - start).nanoseconds))
        due = interval.map { due + $0 } ?? now
        switch outcome {
        case .taken(let rejected):
            tally.takenItems += max(0, itemsPerRequest - rejected)
            tally.rejectedItems += rejected
        case .failed(let status):
            tally.errors[status, default: 0] += 1
            due = max(due, now + errorPause)
        }
        schedule()
    }

    private func finish() {
        finished?.succeed(tally)
        finished = nil
    }

    static func wallTime() -> UInt64 {
        var time = timespec()
        // unsafe: fills the structure it is given.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}

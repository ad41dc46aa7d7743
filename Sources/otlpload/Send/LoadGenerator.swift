import NIOCore
import NIOPosix

/// All lanes of a plan, on threads of their own.
final class LoadGenerator {
    private let plan: LoadPlan
    private var lanes: [NIOLoopBoundBox<Lane>] = []

    init(_ plan: LoadPlan) throws(PlanError) {
        self.plan = plan
        var supplies = BodySupply.supplies(
            for: plan, run: UInt64.random(in: .min ... .max), wallTime: Lane.wallTime())[...]
        // A group per thread: a client has connections of its own on every loop of its group.
        let groups = (0..<plan.threads).map { _ in MultiThreadedEventLoopGroup(numberOfThreads: 1) }
        for connection in 0..<plan.connections {
            let group = groups[connection % groups.count]
            let sender: any RequestSender =
                switch plan.transport {
                case .http: try HTTPSender(plan, group: group)
                case .grpc: try GRPCSender(plan, group: group)
                }
            for _ in 0..<(plan.lanes / plan.connections) {
                guard let supply = supplies.popFirst() else { continue }
                lanes.append(Self.lane(plan, sender, supply, on: group.next()))
            }
        }
    }

    private static func lane(
        _ plan: LoadPlan, _ sender: any RequestSender, _ supply: BodySupply, on eventLoop: any EventLoop
    ) -> NIOLoopBoundBox<Lane> {
        .makeBoxSendingValue(
            Lane(plan, sender: sender, supply: supply, eventLoop: eventLoop), eventLoop: eventLoop)
    }

    /// Sends for `duration` and waits for the last answer. Blocks; from no event loop.
    func run(for duration: Duration) throws -> LaneTally {
        let start = NIODeadline.now()
        let end = start + TimeAmount(duration)
        let spacing = plan.rate.map { 1e9 / max($0, 1e-3) } ?? 0
        let futures = lanes.enumerated().map { number, lane in
            let promise = lane.eventLoop.makePromise(of: LaneTally.self)
            let first = start + .nanoseconds(Int64(spacing * Double(number)))
            lane.eventLoop.execute { lane.value.run(from: first, until: end, promise) }
            return promise.futureResult
        }
        var total = LaneTally()
        for future in futures { total.add(try future.wait()) }
        return total
    }
}

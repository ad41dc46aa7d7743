import CollectorCore
import NIOCore

/// One event loop's share of the client: acts on what the bookkeeping says. On that loop only.
final class GRPCLoopClient: GRPCConnectionOwner {
    private let connector: GRPCConnector
    private var connectivity = GRPCConnectivity<GRPCConnection, GRPCClientCall>()
    private var waiterTimer: LoopTimer?
    private var retryTimer: LoopTimer?
    private var whenDrained: [EventLoopPromise<Void>] = []

    private var endpoint: OTLPEndpoint { connector.endpoint }
    private var now: NIODeadline { connector.eventLoop.now }

    init(connector: GRPCConnector) {
        self.connector = connector
    }

    func send(_ call: GRPCClientCall) {
        switch connectivity.submit(call, waitForReady: call.request.waitForReady, now: now) {
        case .use(let connection): connection.start(call)
        case .connect:
            watchWaiters(until: call.deadline)
            connect()
        case .wait: watchWaiters(until: call.deadline)
        case .waitUntil(let time):
            watchWaiters(until: call.deadline)
            retryConnecting(at: time)
        case .unreachable(let error): call.complete(.failure(error))
        case .refused: call.complete(.failure(shutDownError))
        }
    }

    /// Refuses new calls and lets those under way finish; the promise is kept when the last connection is closed.
    func shutDown(_ promise: EventLoopPromise<Void>) {
        whenDrained.append(promise)
        let (connection, failed) = connectivity.shutDown()
        connection?.retire()
        for call in failed { call.complete(.failure(shutDownError)) }
        finishIfDrained()
    }

    func connectionHealthy(_ connection: GRPCConnection) { connectivity.isHealthy() }

    func connectionRetired(_ connection: GRPCConnection) { connectivity.retired(connection) }

    func connectionClosed(_ connection: GRPCConnection, unusable error: DeliveryError?) {
        connectivity.closed(connection, unusable: error, now: now, random: .random(in: 0...1))
        finishIfDrained()
    }

    func callUnprocessed(_ call: GRPCClientCall) { send(call) }

    private var shutDownError: DeliveryError { .retryable("\(endpoint): the client is shut down") }

    private func connect() {
        connector.connect { [self] result in
            switch result {
            case .success(let connection):
                if let reason = connection.closeReason { return connectFailed(reason) }
                let calls = connectivity.connected(connection)
                connection.adopt(by: self)
                for call in calls { connection.closeReason == nil ? connection.start(call) : send(call) }
                if connectivity.isShutDown { connection.retire() }
            case .failure(let error):
                connectFailed(.retryable("\(endpoint): \(TransportFailure.describe(error))"))
            }
        }
    }

    private func connectFailed(_ error: DeliveryError) {
        let (failed, retryAt) = connectivity.failedToConnect(error, now: now, random: .random(in: 0...1))
        if let retryAt { retryConnecting(at: retryAt) }
        for call in failed { call.complete(.failure(error)) }
        finishIfDrained()
    }

    private func retryConnecting(at time: NIODeadline) {
        timer(\.retryTimer) { if $0.connectivity.mayConnect() { $0.connect() } }.set(time)
    }

    /// Makes sure that a call does not wait for a connection longer than it may.
    private func watchWaiters(until deadline: NIODeadline) {
        timer(\.waiterTimer) { $0.expireWaiters() }.setEarlier(deadline)
    }

    private func expireWaiters() {
        let now = now
        let expired = connectivity.removeWaiters { $0.deadline <= now }
        if let next = connectivity.earliest(by: \.deadline) { waiterTimer?.set(next) }
        for call in expired {
            call.complete(
                .failure(
                    .retryable("\(endpoint): no connection within \(call.request.timeout)", code: .deadlineExceeded)))
        }
        finishIfDrained()
    }

    /// The timer at `path`, made when it is first needed, which is on the loop.
    private func timer(
        _ path: ReferenceWritableKeyPath<GRPCLoopClient, LoopTimer?>, onDeadline: @escaping (GRPCLoopClient) -> Void
    ) -> LoopTimer {
        if let timer = self[keyPath: path] { return timer }
        let timer = LoopTimer(eventLoop: connector.eventLoop)
        timer.onDeadline = { [weak self] in if let self { onDeadline(self) } }
        self[keyPath: path] = timer
        return timer
    }

    private func finishIfDrained() {
        guard connectivity.isDrained else { return }
        waiterTimer?.stop()
        retryTimer?.stop()
        let promises = whenDrained
        whenDrained = []
        for promise in promises { promise.succeed() }
    }
}

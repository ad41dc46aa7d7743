import CollectorCore
import NIOCore

/// One event loop's share of the client: acts on what the pool's bookkeeping says. On that loop only.
final class HTTPLoopClient: HTTPConnectionOwner {
    /// Why a request was not sent.
    enum Refusal: Error {
        case shutDown
        /// No connection became free, or none could be opened, before the deadline.
        case noConnection
    }

    private let connector: HTTPConnector
    private var pool: ConnectionPool<HTTPConnection, HTTPClientExchange>
    private var waiterTimer: LoopTimer?
    private var whenDrained: [EventLoopPromise<Void>] = []

    init(connector: HTTPConnector, connectionLimit: Int) {
        self.connector = connector
        pool = ConnectionPool(limit: connectionLimit)
    }

    func send(_ exchange: HTTPClientExchange) {
        switch pool.submit(exchange) {
        case .use(let connection): connection.start(exchange)
        case .open:
            watchWaiters(until: exchange.deadline)
            openConnection()
        case .wait: watchWaiters(until: exchange.deadline)
        case .refused(let exchange): exchange.complete(.failure(Refusal.shutDown))
        }
    }

    /// Refuses new requests and lets those under way finish; the promise is kept when the last connection is closed.
    func shutDown(_ promise: EventLoopPromise<Void>) {
        whenDrained.append(promise)
        for connection in pool.shutDown() { connection.close() }
        finishIfDrained()
    }

    func connectionAvailable(_ connection: HTTPConnection) {
        serve(pool.available(connection), with: connection)
    }

    func connectionClosed(_ connection: HTTPConnection, orphan: HTTPClientExchange?) {
        var opens = pool.closed(connection)
        if let orphan {
            watchWaiters(until: orphan.deadline)
            if opens { openConnection() }
            opens = pool.resubmit(orphan)
        }
        if opens { openConnection() }
        finishIfDrained()
    }

    private func serve(_ exchange: HTTPClientExchange?, with connection: HTTPConnection) {
        if let exchange {
            connection.start(exchange)
        } else if pool.isShutDown {
            connection.close()
        } else {
            connection.becomeIdle()
        }
    }

    private func openConnection() {
        connector.connect { [self] result in
            switch result {
            case .success(let connection):
                if connection.isClosed {
                    connectionFailed(HTTPConnection.Failure.closedBeforeAnswer)
                } else {
                    connection.adopt(by: self)
                    serve(pool.connected(connection), with: connection)
                }
            case .failure(let error): connectionFailed(error)
            }
        }
    }

    private func connectionFailed(_ error: any Error) {
        let (failed, opens) = pool.failedToConnect()
        if opens { openConnection() }
        failed?.complete(.failure(error))
        finishIfDrained()
    }

    /// Makes sure that a request does not wait for a connection longer than it may.
    private func watchWaiters(until deadline: NIODeadline) {
        let timer: LoopTimer
        if let waiterTimer {
            timer = waiterTimer
        } else {
            timer = LoopTimer(eventLoop: connector.eventLoop)
            timer.onDeadline = { [weak self] in self?.expireWaiters() }
            waiterTimer = timer
        }
        timer.setEarlier(deadline)
    }

    private func expireWaiters() {
        let now = connector.eventLoop.now
        let expired = pool.removeWaiters { $0.deadline <= now }
        if let next = pool.earliest(by: \.deadline) { waiterTimer?.set(next) }
        for exchange in expired { exchange.complete(.failure(Refusal.noConnection)) }
        finishIfDrained()
    }

    private func finishIfDrained() {
        guard pool.isDrained else { return }
        waiterTimer?.stop()
        let promises = whenDrained
        whenDrained = []
        for promise in promises { promise.succeed() }
    }
}

import CollectorCore
import NIOCore

/// Which connection calls go to, and what becomes of them while there is none: the bookkeeping of one event loop.
///
/// There is one connection at a time. A call without one has it opened and waits; when that fails, the calls that wait
/// fail with it (unless they wait for readiness), and so does every call until the back-off has passed.
struct GRPCConnectivity<Connection: AnyObject, Waiter> {
    enum Submission {
        case use(Connection)
        /// The waiter has been queued; connect.
        case connect
        /// The waiter has been queued.
        case wait
        /// The waiter has been queued; call `mayConnect` at this time.
        case waitUntil(NIODeadline)
        /// Not queued: the endpoint was out of reach a moment ago, and this was why.
        case unreachable(DeliveryError)
        /// Not queued: the client is shut down.
        case refused
    }

    private enum State {
        case idle
        case connecting
        case connected(Connection)
        case backingOff(DeliveryError)
    }

    private var state = State.idle
    private var backoff = ConnectBackoff()
    private var waiters: [(waiter: Waiter, waitsForReady: Bool)] = []
    /// Connections not closed, the current and those that only finish their calls.
    private var open = 0
    private(set) var isShutDown = false

    init() {}

    var isDrained: Bool {
        if case .connecting = state { return false }
        return isShutDown && open == 0 && waiters.isEmpty
    }

    mutating func submit(_ waiter: Waiter, waitForReady: Bool, now: NIODeadline) -> Submission {
        if isShutDown { return .refused }
        switch state {
        case .connected(let connection): return .use(connection)
        case .connecting:
            waiters.append((waiter, waitForReady))
            return .wait
        case .backingOff(let error):
            if let notBefore = backoff.notBefore, now < notBefore {
                guard waitForReady else { return .unreachable(error) }
                waiters.append((waiter, waitForReady))
                return .waitUntil(notBefore)
            }
            fallthrough
        case .idle:
            state = .connecting
            waiters.append((waiter, waitForReady))
            return .connect
        }
    }

    /// The back-off has passed. True: connect, for those who wait.
    mutating func mayConnect() -> Bool {
        guard case .backingOff = state, !waiters.isEmpty else { return false }
        state = .connecting
        return true
    }

    /// The connection is there; returns the calls that waited for it.
    mutating func connected(_ connection: Connection) -> [Waiter] {
        open += 1
        state = .connected(connection)
        defer { waiters = [] }
        return waiters.map(\.waiter)
    }

    /// The peer has shown that it speaks HTTP/2.
    mutating func isHealthy() {
        backoff.succeeded()
    }

    /// No connection came about. Returns the calls that fail with it, and when to try again for the rest.
    mutating func failedToConnect(
        _ error: DeliveryError, now: NIODeadline, random: Double
    ) -> (failed: [Waiter], retryAt: NIODeadline?) {
        backoff.failed(at: now, random: random)
        state = .backingOff(error)
        let failed = waiters.filter { !$0.waitsForReady || isShutDown }.map(\.waiter)
        waiters.removeAll { !$0.waitsForReady || isShutDown }
        return (failed, waiters.isEmpty ? nil : backoff.notBefore)
    }

    /// The connection takes no new calls (GOAWAY, or no more stream ids).
    mutating func retired(_ connection: Connection) {
        if case .connected(let current) = state, current === connection { state = .idle }
    }

    /// The connection is closed. With `error` it never worked, which counts as out of reach.
    mutating func closed(_ connection: Connection, unusable error: DeliveryError?, now: NIODeadline, random: Double) {
        open -= 1
        guard case .connected(let current) = state, current === connection else { return }
        state = .idle
        if let error {
            backoff.failed(at: now, random: random)
            state = .backingOff(error)
        }
    }

    /// Takes out the waiters for which `isExpired` holds.
    mutating func removeWaiters(where isExpired: (Waiter) -> Bool) -> [Waiter] {
        let expired = waiters.map(\.waiter).filter(isExpired)
        waiters.removeAll { isExpired($0.waiter) }
        return expired
    }

    /// The smallest of the waiters' values, nil when nobody waits.
    func earliest<Value: Comparable>(by value: (Waiter) -> Value) -> Value? {
        waiters.map { value($0.waiter) }.min()
    }

    /// Refuses new calls from now on. Returns the connection to be retired and the calls that give up waiting because
    /// nothing is being opened for them.
    mutating func shutDown() -> (connection: Connection?, failed: [Waiter]) {
        isShutDown = true
        switch state {
        case .connecting: return (nil, [])
        case .connected(let connection): return (connection, [])
        case .idle, .backingOff:
            defer { waiters = [] }
            return (nil, waiters.map(\.waiter))
        }
    }
}

import NIOCore

/// The bookkeeping of one event loop's connections to one endpoint: which are idle, how many there are, who waits.
///
/// A request that finds no idle connection waits, and a connection is opened for it when there may be another;
/// whichever connection is free first serves the request that has waited longest.
struct ConnectionPool<Connection: AnyObject, Waiter> {
    enum Submission {
        case use(Connection)
        /// The waiter has been queued; open a connection.
        case open
        /// The waiter has been queued.
        case wait
        /// The pool is shut down.
        case refused(Waiter)
    }

    private var idle: [Connection] = []
    private var waiters = CircularBuffer<Waiter>()
    private var connecting = 0
    private var established = 0
    private let limit: Int
    private(set) var isShutDown = false

    /// - Parameter limit: connections, open and opening, at most.
    init(limit: Int) {
        self.limit = max(1, limit)
    }

    /// Nothing is under way any more and nothing will be.
    var isDrained: Bool { isShutDown && connecting == 0 && established == 0 && waiters.isEmpty }

    mutating func submit(_ waiter: Waiter) -> Submission {
        if isShutDown { return .refused(waiter) }
        // The connection used last is the least likely to have been closed by the server.
        if let connection = idle.popLast() { return .use(connection) }
        waiters.append(waiter)
        return mayOpen() ? .open : .wait
    }

    /// Queues a request again whose connection was dead, before all others and without trying an idle connection, which
    /// may be just as dead. True: open a connection.
    mutating func resubmit(_ waiter: Waiter) -> Bool {
        waiters.prepend(waiter)
        return mayOpen()
    }

    /// A connection has been opened: the waiter it serves, or nil when it is idle now (or, when the pool is shut down,
    /// to be closed).
    mutating func connected(_ connection: Connection) -> Waiter? {
        connecting -= 1
        established += 1
        return available(connection)
    }

    /// A connection could not be opened: the waiter that fails for it, and whether to open another for the rest.
    mutating func failedToConnect() -> (failed: Waiter?, open: Bool) {
        connecting -= 1
        return (waiters.popFirst(), mayOpen())
    }

    /// A connection has finished its request and can take another: the waiter it serves, or nil when it is idle now
    /// (or, when the pool is shut down, to be closed).
    mutating func available(_ connection: Connection) -> Waiter? {
        if let waiter = waiters.popFirst() { return waiter }
        if !isShutDown { idle.append(connection) }
        return nil
    }

    /// An idle or busy connection is closed. True: open one for those who wait.
    mutating func closed(_ connection: Connection) -> Bool {
        established -= 1
        idle.removeAll { $0 === connection }
        return mayOpen()
    }

    /// Takes out the waiters for which `isExpired` holds.
    mutating func removeWaiters(where isExpired: (Waiter) -> Bool) -> [Waiter] {
        let expired = Array(waiters.lazy.filter(isExpired))
        waiters.removeAll(where: isExpired)
        return expired
    }

    /// The smallest of the waiters' values, nil when nobody waits.
    func earliest<Value: Comparable>(by value: (Waiter) -> Value) -> Value? {
        waiters.map(value).min()
    }

    /// Refuses new requests from now on; those that wait are still served. Returns the idle connections, to be closed.
    mutating func shutDown() -> [Connection] {
        isShutDown = true
        defer { idle = [] }
        return idle
    }

    /// Whether another connection would help and is allowed; counts it as opening then.
    private mutating func mayOpen() -> Bool {
        guard waiters.count > connecting, connecting + established < limit else { return false }
        connecting += 1
        return true
    }
}

import Testing

@testable import CollectorTransport

@Suite("the bookkeeping of connections")
struct ClientPoolTests {
    final class Connection {}

    private typealias Pool = ConnectionPool<Connection, Int>

    private func name(_ submission: Pool.Submission) -> String {
        switch submission {
        case .use: "use"
        case .open: "open"
        case .wait: "wait"
        case .refused: "refused"
        }
    }

    @Test("a request opens a connection, the next one after its answer reuses it")
    func reuses() {
        var pool = Pool(limit: 8)
        let connection = Connection()
        #expect(name(pool.submit(1)) == "open")
        #expect(pool.connected(connection) == 1)
        #expect(pool.available(connection) == nil)
        guard case .use(let used) = pool.submit(2) else {
            Issue.record("not reused")
            return
        }
        #expect(used === connection)
        #expect(name(pool.submit(3)) == "open")
    }

    @Test("the connection used last is used next")
    func lastInFirstOut() {
        var pool = Pool(limit: 8)
        let (old, new) = (Connection(), Connection())
        _ = pool.submit(1)
        _ = pool.submit(2)
        _ = pool.connected(old)
        _ = pool.connected(new)
        _ = pool.available(old)
        _ = pool.available(new)
        guard case .use(let used) = pool.submit(3) else {
            Issue.record("not reused")
            return
        }
        #expect(used === new)
    }

    @Test("at the limit requests wait, and are served in order by whichever connection is free")
    func waitsAtLimit() {
        var pool = Pool(limit: 1)
        let connection = Connection()
        #expect(name(pool.submit(1)) == "open")
        #expect(name(pool.submit(2)) == "wait")
        #expect(name(pool.submit(3)) == "wait")
        #expect(pool.connected(connection) == 1)
        #expect(pool.available(connection) == 2)
        #expect(pool.closed(connection) == true)
        #expect(pool.connected(Connection()) == 3)
    }

    @Test("a failed connect fails the request that waited longest and opens another for the rest")
    func failedConnect() {
        var pool = Pool(limit: 1)
        _ = pool.submit(1)
        _ = pool.submit(2)
        let first = pool.failedToConnect()
        #expect(first.failed == 1)
        #expect(first.open)
        let second = pool.failedToConnect()
        #expect(second.failed == 2)
        #expect(!second.open)
    }

    @Test("a request whose connection was dead goes first and gets a fresh connection, not an idle one")
    func resubmits() {
        var pool = Pool(limit: 2)
        let (dead, idle) = (Connection(), Connection())
        _ = pool.submit(1)
        _ = pool.submit(2)
        _ = pool.connected(dead)
        _ = pool.connected(idle)
        _ = pool.available(idle)
        #expect(pool.closed(dead) == false)
        #expect(pool.resubmit(1) == true)
        let fresh = Connection()
        #expect(pool.connected(fresh) == 1)
    }

    @Test("a closed idle connection is not used again")
    func forgetsClosed() {
        var pool = Pool(limit: 1)
        let connection = Connection()
        _ = pool.submit(1)
        _ = pool.connected(connection)
        _ = pool.available(connection)
        #expect(pool.closed(connection) == false)
        #expect(name(pool.submit(2)) == "open")
    }

    @Test("waiters that expire are taken out, the others keep their order")
    func expiry() {
        var pool = Pool(limit: 1)
        for waiter in 1...4 { _ = pool.submit(waiter) }
        #expect(pool.earliest { $0 } == 1)
        let expired = pool.removeWaiters { $0 % 2 == 1 }
        #expect(expired == [1, 3])
        let connection = Connection()
        #expect(pool.connected(connection) == 2)
        #expect(pool.available(connection) == 4)
        #expect(pool.earliest { $0 } == nil)
    }

    @Test("a pool that is shut down refuses requests, serves those that wait and is drained when all is closed")
    func shutDown() {
        var pool = Pool(limit: 1)
        let connection = Connection()
        _ = pool.submit(1)
        _ = pool.submit(2)
        _ = pool.connected(connection)
        let idle = pool.shutDown()
        #expect(idle.isEmpty)
        #expect(name(pool.submit(3)) == "refused")
        #expect(pool.available(connection) == 2)
        #expect(!pool.isDrained)
        #expect(pool.available(connection) == nil)
        #expect(!pool.isDrained)
        #expect(pool.closed(connection) == false)
        #expect(pool.isDrained)
    }

    @Test("shutting down hands out the idle connections to be closed")
    func shutDownIdle() {
        var pool = Pool(limit: 1)
        let connection = Connection()
        _ = pool.submit(1)
        _ = pool.connected(connection)
        _ = pool.available(connection)
        let idle = pool.shutDown()
        #expect(idle.map(ObjectIdentifier.init) == [ObjectIdentifier(connection)])
        _ = pool.closed(connection)
        #expect(pool.isDrained)
    }
}

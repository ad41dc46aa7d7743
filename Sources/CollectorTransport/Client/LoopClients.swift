import NIOCore
import NIOPosix

/// One `Client` per event loop of a group, each used on its own loop only.
struct LoopClients<Client>: Sendable {
    private let clients: [ObjectIdentifier: NIOLoopBoundBox<Client>]
    private let group: MultiThreadedEventLoopGroup

    init(group: MultiThreadedEventLoopGroup, make: (any EventLoop) -> sending Client) {
        var clients: [ObjectIdentifier: NIOLoopBoundBox<Client>] = [:]
        for eventLoop in group.makeIterator() {
            clients[ObjectIdentifier(eventLoop)] = .makeBoxSendingValue(make(eventLoop), eventLoop: eventLoop)
        }
        self.clients = clients
        self.group = group
    }

    /// Calls `body` with the client of the current event loop, at once; from any other thread, with the clients in
    /// turn, on their loops.
    func withClient(_ body: @escaping @Sendable (Client) -> Void) {
        if let eventLoop = MultiThreadedEventLoopGroup.currentEventLoop,
            let client = clients[ObjectIdentifier(eventLoop)]
        {
            body(client.value)
        } else {
            let eventLoop = group.next()
            guard let client = clients[ObjectIdentifier(eventLoop)] else { return }
            eventLoop.execute { body(client.value) }
        }
    }

    /// A promise on the loop that `withClient` uses, when it is called on one.
    func makePromise<Value: Sendable>(of type: Value.Type) -> EventLoopPromise<Value> {
        (MultiThreadedEventLoopGroup.currentEventLoop ?? group.next()).makePromise()
    }

    /// Calls `body` with each client on its loop; the future waits for all their promises.
    func all(_ body: @escaping @Sendable (Client, EventLoopPromise<Void>) -> Void) -> EventLoopFuture<Void> {
        let futures = clients.values.map { client in
            client.eventLoop.flatSubmit {
                let promise = client.eventLoop.makePromise(of: Void.self)
                body(client.value, promise)
                return promise.futureResult
            }
        }
        return .andAllSucceed(futures, on: group.next())
    }
}

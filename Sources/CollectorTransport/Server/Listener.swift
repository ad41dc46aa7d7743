// Binds an endpoint, which may take several sockets, and keeps track of the connections that come in through them, so
// that shutdown can let each finish what it has accepted.

import Glibc
package import NIOCore
import NIOPosix

/// A bound endpoint and its connections.
package final class Listener: Sendable {
    /// Why an endpoint could not be bound; says what to do.
    package struct BindError: Error, CustomStringConvertible {
        package let description: String
    }

    private let channels: [any Channel]
    private let connections: ConnectionRegistry

    private init(channels: [any Channel], connections: ConnectionRegistry) {
        self.channels = channels
        self.connections = connections
    }

    /// The bound addresses, with the port the system chose when the endpoint's was 0.
    package var addresses: [SocketAddress] { channels.compactMap(\.localAddress) }

    /// The port of all bound addresses.
    package var port: Int { addresses.first?.port ?? 0 }

    /// The number of open connections.
    package var connectionCount: Int { connections.count }

    /// Binds `endpoint`, in the form of `Endpoint.init(_:)`.
    ///
    /// `initializer` adds the handlers of an accepted connection, on its event loop.
    package static func bind(
        _ endpoint: String, group: any EventLoopGroup, connectionLimit: Int,
        initializer: @escaping @Sendable (any Channel) throws -> Void
    ) async throws(BindError) -> Listener {
        let parsed: Endpoint
        do {
            parsed = try Endpoint(endpoint)
        } catch {
            throw BindError(description: error.description)
        }
        let connections = ConnectionRegistry(limit: connectionLimit)
        let bootstrap = bootstrap(group: group, connections: connections, initializer: initializer)
        // With port 0 the second address may find the first one's port taken: a few others are tried then.
        for isLastTry in parsed.port == 0 ? [false, false, false, true] : [true] {
            let channels = try await bind(parsed, bootstrap, isLastTry: isLastTry)
            if let channels { return Listener(channels: channels, connections: connections) }
        }
        throw BindError(description: "cannot listen on \(endpoint): no port is free on all its addresses")
    }

    /// Stops accepting, lets the connections finish the requests they have accepted, and closes what is still open
    /// after `limit`. Returns when all are closed.
    package func shutdown(within limit: Duration) async {
        for channel in channels { try? await channel.close().get() }
        guard let eventLoop = channels.first?.eventLoop else { return }
        let drained = connections.drain(on: eventLoop)
        let deadline = eventLoop.scheduleTask(deadline: eventLoop.now.after(limit) ?? eventLoop.now) { [connections] in
            connections.closeAll()
        }
        try? await drained.get()
        deadline.cancel()
    }

    private static func bootstrap(
        group: any EventLoopGroup, connections: ConnectionRegistry,
        initializer: @escaping @Sendable (any Channel) throws -> Void
    ) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            // A body should come in few reads, and an idle connection should not hold much.
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 16 << 10, maximum: 1 << 20)
            )
            .childChannelInitializer { channel in
                guard connections.add(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture { try initializer(channel) }
            }
    }

    /// The channels of all the endpoint's addresses; nil when another port should be tried.
    private static func bind(
        _ endpoint: Endpoint, _ bootstrap: ServerBootstrap, isLastTry: Bool
    ) async throws(BindError) -> [any Channel]? {
        var channels: [any Channel] = []
        var port = endpoint.port
        for (host, isOptional) in endpoint.candidates {
            do {
                let channel = try await bootstrap.bind(host: host, port: port).get()
                channels.append(channel)
                port = channel.localAddress?.port ?? port
            } catch let error as IOError where isOptional && error.isAddressFamilyMissing {
                guard host == "::" else { continue }
                // Without IPv6 the IPv4 wildcard is all there is.
                do {
                    channels.append(try await bootstrap.bind(host: "0.0.0.0", port: port).get())
                } catch {
                    throw bindError("0.0.0.0", port, error)
                }
            } catch {
                for channel in channels { try? await channel.close().get() }
                if !isLastTry { return nil }
                throw bindError(host, port, error)
            }
        }
        return channels
    }

    private static func bindError(_ host: String, _ port: Int, _ error: any Error) -> BindError {
        let address = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        let advice =
            switch (error as? IOError)?.errnoCode {
            case EADDRINUSE: "another process listens there; stop it or change the endpoint"
            case EACCES: "not permitted; ports below 1024 need privileges, choose another"
            case EADDRNOTAVAIL: "this machine does not have that address; 0.0.0.0 means all it has"
            default: "\(error)"
            }
        return BindError(description: "cannot listen on \(address): \(advice)")
    }
}

extension IOError {
    fileprivate var isAddressFamilyMissing: Bool { errnoCode == EAFNOSUPPORT || errnoCode == EADDRNOTAVAIL }
}

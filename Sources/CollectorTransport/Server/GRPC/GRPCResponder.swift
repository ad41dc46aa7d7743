package import NIOCore
import NIOHTTP2
import Synchronization

/// The right to answer one gRPC call, once, from any thread.
package final class GRPCResponder: Sendable {
    private let connection: NIOLoopBound<GRPCConnectionHandler>
    private let streamID: HTTP2StreamID
    private let isUsed = Atomic(false)

    init(connection: NIOLoopBound<GRPCConnectionHandler>, streamID: HTTP2StreamID) {
        self.connection = connection
        self.streamID = streamID
    }

    /// The event loop of the connection; answering on it saves a hop.
    package var eventLoop: any EventLoop { connection.eventLoop }

    /// Ends the call. Later calls change nothing, nor does an answer after the client has gone.
    package func answer(_ answer: GRPCAnswer) {
        guard !isUsed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        // The usual case, spelled out: no closure is allocated for it.
        if connection.eventLoop.inEventLoop { return connection.value.answer(answer, to: streamID) }
        onLoop { connection, streamID in connection.answer(answer, to: streamID) }
    }

    /// Sends one of several response messages of a server-streaming call, which stays open.
    func send(_ message: ByteBuffer) {
        onLoop { connection, streamID in connection.send(message, to: streamID) }
    }

    /// Calls `body` on the event loop when the call is over, whichever side ended it.
    func whenClosed(_ body: @escaping @Sendable () -> Void) {
        onLoop { connection, streamID in connection.whenClosed(streamID, body) }
    }

    private func onLoop(_ body: @escaping @Sendable (GRPCConnectionHandler, HTTP2StreamID) -> Void) {
        if connection.eventLoop.inEventLoop {
            body(connection.value, streamID)
        } else {
            connection.eventLoop.execute { [connection, streamID] in body(connection.value, streamID) }
        }
    }

    deinit {
        guard !isUsed.load(ordering: .acquiring) else { return }
        connection.eventLoop.execute { [connection, streamID] in
            let error = CallFailure.droppedByService.grpcError
            connection.value.answer(.failure(error), to: streamID)
        }
    }
}

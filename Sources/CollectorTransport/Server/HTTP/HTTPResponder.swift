package import NIOCore
import Synchronization

/// The right to answer one HTTP request, once, from any thread.
package final class HTTPResponder: Sendable {
    private let connection: NIOLoopBound<HTTPConnectionHandler>
    /// Which of the connection's requests this is; an answer to one that is over goes nowhere.
    private let sequence: Int
    private let isUsed = Atomic(false)

    init(connection: NIOLoopBound<HTTPConnectionHandler>, sequence: Int) {
        self.connection = connection
        self.sequence = sequence
    }

    /// The event loop of the connection; answering on it saves a hop.
    package var eventLoop: any EventLoop { connection.eventLoop }

    /// Sends the answer. Later calls change nothing, nor does an answer after the client has gone.
    package func answer(_ answer: HTTPAnswer) {
        guard !isUsed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        if connection.eventLoop.inEventLoop {
            connection.value.answer(answer, to: sequence)
        } else {
            connection.eventLoop.execute { [connection, sequence] in
                connection.value.answer(answer, to: sequence)
            }
        }
    }

    deinit {
        guard !isUsed.load(ordering: .acquiring) else { return }
        connection.eventLoop.execute { [connection, sequence] in
            connection.value.answerDropped(sequence)
        }
    }
}

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
    ///
    /// - Parameter rest: makes what follows the answer's body, which is then sent without a length; nil when the body is
    ///   whole. An answer to HEAD does without.
    /// - Parameter kept: what is kept until the client has taken the whole answer, or is gone.
    package func answer(
        _ answer: HTTPAnswer, rest: (any HTTPBodySource)? = nil, keeping kept: (any AnyObject & Sendable)? = nil
    ) {
        guard !isUsed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        if connection.eventLoop.inEventLoop {
            connection.value.answer(answer, rest: rest, keeping: kept, to: sequence)
        } else {
            connection.eventLoop.execute { [connection, sequence] in
                connection.value.answer(answer, rest: rest, keeping: kept, to: sequence)
            }
        }
    }

    /// Closes the connection, although an answer may be on its way.
    package func closeConnection() {
        connection.eventLoop.execute { [connection] in connection.value.close() }
    }

    deinit {
        guard !isUsed.load(ordering: .acquiring) else { return }
        connection.eventLoop.execute { [connection, sequence] in
            connection.value.answerDropped(sequence)
        }
    }
}

import NIOCore
import NIOHTTP1

/// From answers to what follows them on the connection.
extension HTTPConnectionHandler {
    /// The answer to request `sequence`; ignored when that is answered or gone.
    ///
    /// - Parameters:
    ///   - rest: what follows the answer's body; only for complete requests.
    ///   - kept: what is kept until everything has left.
    func answer(
        _ answer: HTTPAnswer, rest: (any HTTPBodySource)? = nil, keeping kept: (any AnyObject & Sendable)? = nil,
        to sequence: Int
    ) {
        guard sequence == self.sequence, !isClosing, let exchange else { return }
        switch exchange.phase {
        case .skipping, .streaming:
            return
        case .answering:
            if let rest { return send(answer, rest: rest, keeping: kept, exchange) }
            send(answer, connection: exchange.connectionHeader, omitsBody: exchange.head.method == .HEAD)
            keepUntilWritten(kept)
            if exchange.keepsAlive { finishExchange() } else { closeAfterWriting() }
        case .receiving:
            answerEarly(answer, exchange)
        }
    }

    /// The responder of request `sequence` was dropped unused.
    func answerDropped(_ sequence: Int) {
        guard sequence == self.sequence, let exchange else { return }
        let failure = CallFailure.droppedByService
        answer(
            environment.service.failure(exchange.head, failure.httpError, status: failure.httpStatus), to: sequence)
    }

    /// The body is still arriving: its rest is skipped when that is short, else the connection is closed.
    func answerEarly(_ answer: HTTPAnswer, _ exchange: HTTPExchange) {
        var exchange = exchange
        exchange.call.cancel()
        let skipped = environment.settings.skippedBytes
        if exchange.expectsContinue || exchange.contentLength ?? 0 > skipped { exchange.keepsAlive = false }
        exchange.phase = .skipping(left: skipped)
        self.exchange = exchange
        send(answer, connection: exchange.connectionHeader, omitsBody: exchange.head.method == .HEAD)
        if !exchange.keepsAlive { closeAfterReading() }
    }

    func finishExchange() {
        exchange = nil
        waitForRequest()
        resume()
    }

    func waitForRequest() {
        let settings = environment.settings
        setDeadline(after: unwritten > 0 ? settings.writeTimeout : settings.idleTimeout)
    }

    /// Takes up what waited for an answer or for room in the output.
    func resume() {
        // An answer given at once comes back here from within `process`: the loop below goes on then.
        guard !isResuming else { return }
        isResuming = true
        defer { isResuming = false }
        while !isClosing, !isBusy, context?.channel.isWritable == true, let part = waiting.popFirst() {
            process(part)
        }
        guard !isClosing else { return }
        if exchange == nil, waiting.isEmpty, isInputClosed || isShuttingDown { return closeAfterWriting() }
        if needsRead, !isPaused {
            needsRead = false
            context?.read()
        }
    }
}

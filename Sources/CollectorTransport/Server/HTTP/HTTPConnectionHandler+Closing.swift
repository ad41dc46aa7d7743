import NIOCore

/// Output, the ways a connection ends, and its time limits.
extension HTTPConnectionHandler {
    // MARK: Output and the end

    func send(_ answer: HTTPAnswer, connection: HTTPResponseWriter.Connection, omitsBody: Bool) {
        let (head, body) = writer.write(answer, connection: connection, omitsBody: omitsBody)
        write(head)
        if let body { write(body) }
    }

    func write(_ buffer: ByteBuffer) {
        context?.write(wrapOutboundOut(buffer), promise: nil)
        needsFlush = true
        if !isReading { flush() }
    }

    /// Keeps an object until everything written so far has left, or the connection is closed.
    func keepUntilWritten(_ kept: (any AnyObject & Sendable)?) {
        guard let kept, let context, let bound else { return }
        unwritten += 1
        context.write(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
            withExtendedLifetime(kept) { bound.value.wroteAnswer() }
        }
        needsFlush = true
        if !isReading { flush() }
    }

    private func wroteAnswer() {
        unwritten -= 1
        // The client has time again to think of its next request.
        if unwritten == 0, exchange == nil, !isParsingHead, !isClosing { waitForRequest() }
    }

    func flush() {
        needsFlush = false
        context?.flush()
    }

    func inputClosed() {
        isInputClosed = true
        if isClosing { return closeAfterWriting() }
        switch exchange?.phase {
        case .answering, .streaming:
            if waiting.isEmpty { exchange?.keepsAlive = false }
        case .receiving, .skipping:
            // Parts that wait may complete the request; without them its body ends early and nothing is ingested.
            if waiting.isEmpty { close() }
        case nil:
            if waiting.isEmpty { closeAfterWriting() }
        }
    }

    /// Closes when everything written has left.
    func closeAfterWriting() {
        guard let context else { return }
        isClosing = true
        discardRequests()
        setDeadline(after: environment.settings.writeTimeout)
        needsFlush = false
        let bound = bound
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in bound?.value.close() }
    }

    /// Closes the output when everything written has left, and the rest when the client has closed its side or the
    /// time for that is over.
    func closeAfterReading() {
        guard let context else { return }
        if isInputClosed { return closeAfterWriting() }
        isClosing = true
        discardRequests()
        setDeadline(after: environment.settings.lingerTime)
        needsFlush = false
        let bound = bound
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
            bound?.value.context?.close(mode: .output, promise: nil)
        }
        if needsRead {
            needsRead = false
            context.read()
        }
    }

    func close() {
        isClosing = true
        discardRequests()
        context?.close(promise: nil)
    }

    func discardRequests() {
        exchange?.call.cancel()
        exchange = nil
        sequence += 1
        waiting.removeAll()
    }

    func release() {
        isClosing = true
        discardRequests()
        timer.cancel()
        onTimer = {}
        context = nil
        bound = nil
    }

    // MARK: Time limits

    func setDeadline(after limit: Duration) {
        guard let eventLoop = context?.eventLoop else { return }
        timer.set(eventLoop.now.after(limit), on: eventLoop, onTimer)
    }

    func timerFired() {
        guard let eventLoop = context?.eventLoop, timer.fired(on: eventLoop, onTimer) else { return }
        if case .receiving = exchange?.phase {
            perform(exchange?.call.fail(.timedOut("the request body did not arrive in time")))
        } else if isParsingHead, !isClosing {
            send(.text(408, "the request headers did not arrive in time\n"), connection: .close, omitsBody: false)
            closeAfterReading()
        } else {
            close()
        }
    }
}

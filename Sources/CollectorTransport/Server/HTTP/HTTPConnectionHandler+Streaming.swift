import NIOCore

/// Bodies that are made while they are sent.
extension HTTPConnectionHandler {
    /// Sends the head and the beginning of the body; the rest follows as fast as the client takes it.
    func send(
        _ answer: HTTPAnswer, rest: any HTTPBodySource, keeping kept: (any AnyObject & Sendable)?,
        _ exchange: HTTPExchange
    ) {
        var exchange = exchange
        let isChunked = exchange.head.request.version.minor > 0
        // Without chunks only the end of the connection can end the body.
        if !isChunked { exchange.keepsAlive = false }
        let head = writer.writeHead(
            answer, framing: isChunked ? .chunked : .untilClose, connection: exchange.connectionHeader)
        context?.write(wrapOutboundOut(head), promise: nil)
        guard exchange.head.method != .HEAD else {
            flush()
            return exchange.keepsAlive ? finishExchange() : closeAfterWriting()
        }
        var stream = HTTPBodyStream(source: rest, kept: kept, isChunked: isChunked)
        write(answer.body, &stream)
        exchange.phase = .streaming(stream)
        self.exchange = exchange
        flush()
        makePiece()
    }

    /// Has the next piece made if the client has taken enough of the last one.
    func makePiece() {
        guard let bound, case .streaming(var stream) = exchange?.phase, !stream.isMaking else { return }
        guard context?.channel.isWritable == true else { return setDeadline(after: environment.settings.writeTimeout) }
        setDeadline(after: .zero)
        stream.isMaking = true
        exchange?.phase = .streaming(stream)
        environment.workers.run { [source = stream.source, sequence] in
            let piece = source.next()
            bound.eventLoop.execute { bound.value.send(piece, of: sequence) }
        }
    }

    private func send(_ piece: HTTPBodyPiece, of sequence: Int) {
        guard sequence == self.sequence, case .streaming(var stream) = exchange?.phase else { return }
        stream.isMaking = false
        switch piece {
        case .part(let bytes):
            write(bytes, &stream)
            exchange?.phase = .streaming(stream)
            flush()
            makePiece()
        case .end(let bytes):
            write(bytes, &stream)
            if let ending = stream.ending() { context?.write(wrapOutboundOut(ending), promise: nil) }
            keepUntilWritten(stream.kept)
            flush()
            if exchange?.keepsAlive == true { finishExchange() } else { closeAfterWriting() }
        case .failed:
            close()
        }
    }

    private func write(_ bytes: ByteBuffer, _ stream: inout HTTPBodyStream) {
        guard bytes.readableBytes > 0 else { return }
        if let frame = stream.frame(bytes.readableBytes) { context?.write(wrapOutboundOut(frame), promise: nil) }
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }
}

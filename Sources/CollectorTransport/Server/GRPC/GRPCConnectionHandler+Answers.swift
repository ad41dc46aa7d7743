import NIOCore
import NIOHPACK
import NIOHTTP2

/// From answers to frames.
extension GRPCConnectionHandler {
    // MARK: Answers

    /// Ends a call; ignored when it has ended.
    func answer(_ answer: GRPCAnswer, to id: HTTP2StreamID) {
        guard let stream = streams[id] else { return }
        switch answer {
        case .success(let message):
            send(message, to: id)
            finish(id, stream, GRPCResponseHeaders.success)
        case .failure(let error, let details):
            let headers = GRPCResponseHeaders.failure(
                error, details: details, isResponseStarted: stream.isResponseStarted)
            finish(id, stream, headers)
        }
    }

    /// Sends a response message, with the headers before the first; the call stays open.
    func send(_ message: ByteBuffer, to id: HTTP2StreamID) {
        guard let stream = streams[id] else { return }
        if !stream.isResponseStarted {
            streams[id]?.isResponseStarted = true
            write(id, .headers(.init(headers: GRPCResponseHeaders.initial)))
        }
        var data = ByteBuffer()
        data.reserveCapacity(GRPCMessageReader.prefixSize + message.readableBytes)
        data.writeGRPCPrefix(isCompressed: false, length: message.readableBytes)
        data.writeImmutableBuffer(message)
        write(id, .data(.init(data: .byteBuffer(data))))
    }

    /// Calls `body` when the call is over, at once if it is.
    func whenClosed(_ id: HTTP2StreamID, _ body: @escaping @Sendable () -> Void) {
        if streams[id] == nil { body() } else { streams[id]?.onClose = body }
    }

    func refuse(_ id: HTTP2StreamID, httpStatus: Int) {
        guard let stream = streams[id] else { return }
        finish(id, stream, GRPCResponseHeaders.http(httpStatus))
    }

    func finish(_ id: HTTP2StreamID, _ stream: GRPCStream, _ trailers: HPACKHeaders) {
        write(id, .headers(.init(headers: trailers, endStream: true)))
        // The client is told to stop sending what nobody reads (RFC 9113, section 8.1).
        if stream.isInputOpen { write(id, .rstStream(.noError)) }
        remove(id)
    }

    func remove(_ id: HTTP2StreamID) {
        guard var stream = streams.removeValue(forKey: id) else { return }
        stream.cancel()
        stream.onClose?()
    }

    /// NIOHTTP2 is done with a stream: all that was to be sent on it has been.
    func streamClosed() {
        openStreams -= 1
        guard openStreams == 0 else { return }
        if isDraining {
            closeAfterReading()
        } else if let deadline = context?.eventLoop.now.after(settings.idleTimeout) {
            idleDeadline = deadline
            timer.advance(to: deadline, on: context?.eventLoop, onTimer)
        }
    }

    // MARK: Output

    func write(_ id: HTTP2StreamID, _ payload: HTTP2Frame.FramePayload) {
        context?.write(wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: nil)
        needsFlush = true
        if !isReading { flush() }
    }

    func flush() {
        needsFlush = false
        context?.flush()
    }

    func refillWindow(_ event: NIOHTTP2WindowUpdatedEvent) {
        guard let size = event.inboundWindowSize else { return }
        let isConnection = event.streamID == .rootStream
        let target = isConnection ? settings.connectionWindow : settings.streamWindow
        let isWanted = isConnection || streams[event.streamID]?.isInputOpen == true
        guard size < target / 2, isWanted, !isClosing else { return }
        write(event.streamID, .windowUpdate(windowSizeIncrement: target - size))
    }
}

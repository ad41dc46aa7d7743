import NIOCore
import NIOHTTP2

/// The ways a connection ends, and its time limits.
extension GRPCConnectionHandler {
    // MARK: The end

    /// Takes no new calls and closes when those under way have ended.
    func drain() {
        guard !isDraining, context?.channel.isActive == true else { return }
        isDraining = true
        // Calls above the last one seen are not looked at, so clients may send them elsewhere.
        write(.rootStream, .goAway(lastStreamID: lastStreamID, errorCode: .noError, opaqueData: nil))
        // A server-streaming call has no end of its own.
        for (id, stream) in streams where stream.isResponseStarted { fail(id, .shuttingDown) }
        if openStreams == 0 { closeAfterReading() }
    }

    /// Closes the output when everything written has left, and the rest when the client has closed its side or the
    /// time for that is over.
    func closeAfterReading() {
        guard let context, !isClosing else { return }
        isClosing = true
        needsFlush = false
        context.flush()
        context.close(mode: .output, promise: nil)
        if needsRead { context.read() }
        timer.set(context.eventLoop.now.after(settings.lingerTime), on: context.eventLoop, onTimer)
    }

    func close() {
        isClosing = true
        context?.close(promise: nil)
    }

    func release() {
        isClosing = true
        isDraining = true
        timer.cancel()
        onTimer = {}
        context = nil
        bound = nil
        for id in streams.keys { remove(id) }
    }

    // MARK: Time limits

    func timerFired() {
        guard let context, timer.fired(on: context.eventLoop, onTimer) else { return }
        if isClosing { return close() }
        let now = context.eventLoop.now
        for (id, stream) in streams {
            guard let deadline = stream.deadline, deadline <= now else { continue }
            let isClients = deadline == stream.clientDeadline
            let reason = isClients ? "the call's deadline has passed" : "the message did not arrive in time"
            fail(id, .timedOut(reason))
        }
        if let deadline = idleDeadline, deadline <= now, openStreams == 0 { return drain() }
        if let deadline = ageDeadline, deadline <= now {
            ageDeadline = nil
            drain()
        }
        scheduleTimer()
    }

    func scheduleTimer() {
        guard let eventLoop = context?.eventLoop, !isClosing else { return }
        let deadlines = streams.values.compactMap(\.deadline) + [idleDeadline, ageDeadline].compactMap { $0 }
        timer.set(deadlines.min(), on: eventLoop, onTimer)
    }
}

// One gRPC connection, behind NIOHTTP2's connection handler and without its stream channels: a unary call is a handful
// of frames, and a value in a dictionary is all the state it needs. What the stream channels would do is done here:
// the flow control windows are topped up, and a stream ends when NIOHTTP2 says so.
//
// Frames of one read are answered within it and flushed together. Deadlines of all calls share the connection's timer.

import CollectorCore
import NIOCore
import NIOHPACK
import NIOHTTP2

/// The handler of one gRPC connection.
final class GRPCConnectionHandler: ChannelDuplexHandler, NIOHTTP2FrameDelegate {
    typealias InboundIn = HTTP2Frame
    typealias OutboundIn = Never
    typealias OutboundOut = HTTP2Frame

    /// What all connections of a server share.
    struct Environment: Sendable {
        let service: any GRPCService
        let settings: GRPCServerSettings
        let budget: ByteBudget
        let workers: any WorkerPool
    }

    let environment: Environment
    var settings: GRPCServerSettings { environment.settings }
    var context: ChannelHandlerContext?
    var bound: NIOLoopBound<GRPCConnectionHandler>?
    var timer = ConnectionTimer()
    var onTimer: @Sendable () -> Void = {}

    var streams: [HTTP2StreamID: GRPCStream] = [:]
    var lastStreamID = HTTP2StreamID(0)
    /// Streams that NIOHTTP2 has not closed: calls, and answers that the client has no window for yet.
    var openStreams = 0
    /// When the connection is closed for having no calls.
    var idleDeadline: NIODeadline?
    /// When the connection takes no more calls.
    var ageDeadline: NIODeadline?
    var isDraining = false
    var isClosing = false
    /// NIOHTTP2 has told the client of an error that ends the connection.
    var hasFailed = false
    var isReading = false
    var needsFlush = false
    var needsRead = false

    init(environment: Environment) {
        self.environment = environment
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        self.bound = bound
        onTimer = { bound.value.timerFired() }
        let now = context.eventLoop.now
        ageDeadline = now.after(settings.connectionAge)
        idleDeadline = now.after(settings.idleTimeout)
        scheduleTimer()
    }

    /// Tells the client how much it may send on the connection; the streams' windows are in the settings.
    func openWindow() {
        let surplus = settings.connectionWindow - 65_535
        if surplus > 0 { write(.rootStream, .windowUpdate(windowSizeIncrement: surplus)) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        release()
    }

    func channelInactive(context: ChannelHandlerContext) {
        release()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        guard !isClosing else { return }
        let frame = unwrapInboundIn(data)
        let id = frame.streamID
        switch frame.payload {
        case .headers(let headers):
            if streams[id] == nil { open(id, headers.headers, isLast: headers.endStream) }
            if headers.endStream { perform(streams[id]?.receive(ByteBuffer(), isLast: true), for: id) }
        case .data(let data):
            guard case .byteBuffer(let bytes) = data.data else { return }
            perform(streams[id]?.receive(bytes, isLast: data.endStream), for: id)
        default:
            // Settings, pings and windows are NIOHTTP2's; the end of a stream comes as an event.
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        if needsFlush { flush() }
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        // A client that does not read its answers is not read from.
        if context.channel.isWritable || isClosing {
            context.read()
        } else {
            needsRead = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if needsRead, context.channel.isWritable {
            needsRead = false
            context.read()
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as NIOHTTP2WindowUpdatedEvent:
            refillWindow(event)
        case let event as StreamClosedEvent:
            remove(event.streamID)
            streamClosed()
        case is ServerShutdown:
            drain()
        case ChannelEvent.inputClosed:
            isDraining = true
            if isClosing || openStreams == 0 { close() }
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func wroteFrame(_ frame: HTTP2Frame) {
        if case .goAway(_, let code, _) = frame.payload, code != .noError { hasFailed = true }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An error of a single stream has been answered with a reset and leaves the others alone.
        if hasFailed || error is IOError || error is ChannelError { closeAfterReading() }
    }
}

import NIOCore

/// The first handler of a gRPC connection: waits for HTTP/2's preface and makes way then. Whoever speaks HTTP/1 on the
/// port is told so in HTTP/1.
final class HTTP2PrefaceHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    private static let refusal: HTTPAnswer = .text(
        400,
        "This port speaks gRPC, over HTTP/2 with prior knowledge. OTLP/HTTP has its own port, 4318 by default.\n")

    private let handshakeTimeout: Duration
    private let lingerTime: Duration
    /// Adds the handlers for HTTP/2 behind this one.
    private let upgrade: (any Channel) throws -> Void
    private var received = ByteBuffer()
    private var timer: Scheduled<Void>?
    private var isRefused = false

    init(handshakeTimeout: Duration, lingerTime: Duration, upgrade: @escaping (any Channel) throws -> Void) {
        self.handshakeTimeout = handshakeTimeout
        self.lingerTime = lingerTime
        self.upgrade = upgrade
    }

    func handlerAdded(context: ChannelHandlerContext) {
        closeAfter(handshakeTimeout, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        let known = received.readableBytesView.prefix(Self.preface.count)
        if !Self.preface.starts(with: known) {
            refuse(context)
        } else if known.count == Self.preface.count {
            becomeHTTP2(context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed, is ServerShutdown: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func becomeHTTP2(_ context: ChannelHandlerContext) {
        do {
            try upgrade(context.channel)
        } catch {
            return context.close(promise: nil)
        }
        context.fireChannelRead(wrapInboundOut(received))
        received = ByteBuffer()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func refuse(_ context: ChannelHandlerContext) {
        isRefused = true
        // Something that looks like a request line is answered, the rest just ends.
        guard received.readableBytesView.first.map({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }) == true
        else { return context.close(promise: nil) }
        var writer = HTTPResponseWriter()
        let (answer, _) = writer.write(Self.refusal, connection: .close, omitsBody: false)
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        context.close(mode: .output, promise: nil)
        closeAfter(lingerTime, context)
    }

    private func closeAfter(_ limit: Duration, _ context: ChannelHandlerContext) {
        timer?.cancel()
        let channel = context.channel
        timer = context.eventLoop.now.after(limit).map { deadline in
            context.eventLoop.scheduleTask(deadline: deadline) { channel.close(promise: nil) }
        }
    }
}

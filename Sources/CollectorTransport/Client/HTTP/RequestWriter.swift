import NIOCore

/// The place in the pipeline, between the socket (or TLS) and the response decoder, where rendered requests enter: the
/// decoder expects NIOHTTP1's request parts from behind, which would cost a box and an encoding for every piece.
final class RequestWriter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Writes a request in one flush; the future tells when its last byte has left.
    func send(head: RequestHead, body: [ByteBuffer]) -> EventLoopFuture<Void>? {
        guard let context else { return nil }
        let length = body.reduce(0) { $0 + $1.readableBytes }
        let written = context.eventLoop.makePromise(of: Void.self)
        let pieces = WriteCoalescing.pieces(head: head.rendered(contentLength: length), body: body)
        for piece in pieces.dropLast() { context.write(wrapOutboundOut(piece), promise: nil) }
        if let last = pieces.last { context.writeAndFlush(wrapOutboundOut(last), promise: written) }
        return written.futureResult
    }
}

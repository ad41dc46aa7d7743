// One HTTP/1 connection, behind NIOHTTP1's request decoder: one request at a time, answered in order.
//
//     idle ─head─▶ receiving ─end─▶ answering ─answer─▶ idle      (exchange is nil while idle)
//                     │                      └─beginning─▶ streaming ─end─▶ idle
//                     │ early answer
//                     ├─▶ skipping the body's rest ─end─▶ idle
//                     └─▶ closing: the output is shut, input is read and dropped for a moment, then closed
//
// While an answer is pending nothing is read from the socket; requests that were already read wait in `waiting`. The
// answer of a request that needed no waiting leaves with those of all others in the same read.

import CollectorCore
import NIOCore
import NIOHTTP1

/// The handler of one HTTP/1 connection.
final class HTTPConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// What all connections of a server share.
    struct Environment: Sendable {
        let service: any HTTPService
        let settings: HTTPServerSettings
        let budget: ByteBudget
        let workers: any WorkerPool
    }

    static let continueResponse = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")

    let environment: Environment
    var context: ChannelHandlerContext?
    var bound: NIOLoopBound<HTTPConnectionHandler>?
    var writer = HTTPResponseWriter()
    var timer = ConnectionTimer()
    var onTimer: @Sendable () -> Void = {}

    var exchange: HTTPExchange?
    /// The number of the request in `exchange`, so that late answers to others are told apart.
    var sequence = 0
    /// Requests that were read behind one whose answer is pending.
    var waiting = CircularBuffer<HTTPServerRequestPart>()

    /// Answers that have something kept until they have left.
    var unwritten = 0

    var isClosing = false
    var isShuttingDown = false
    var isInputClosed = false
    var isReading = false
    var needsFlush = false
    var needsRead = false
    var isParsingHead = false
    var sawPart = false
    var isResuming = false

    init(environment: Environment) {
        self.environment = environment
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        self.bound = bound
        onTimer = { bound.value.timerFired() }
        waitForRequest()
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
        sawPart = true
        guard !isClosing else { return }
        let part = unwrapInboundIn(data)
        if waiting.isEmpty, !isBusy {
            process(part)
        } else {
            waiting.append(part)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        if !sawPart, exchange == nil, !isParsingHead, !isClosing {
            // Bytes came and made no request yet: the client has begun one.
            isParsingHead = true
            setDeadline(after: environment.settings.headerTimeout)
        }
        sawPart = false
        if needsFlush { flush() }
    }

    func read(context: ChannelHandlerContext) {
        if isPaused {
            needsRead = true
        } else {
            context.read()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        makePiece()
        resume()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            inputClosed()
        case is ServerShutdown:
            isShuttingDown = true
            if exchange == nil, waiting.isEmpty { close() }
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isClosing else { return }
        guard let parserError = error as? HTTPParserError else { return close() }
        let status = parserError == .headerOverflow ? 431 : 400
        switch exchange?.phase {
        case .receiving:
            perform(exchange?.call.fail(.malformed("the request is not valid HTTP: \(parserError)")))
        case .answering, .streaming:
            // Whatever is malformed came behind this request, which is still answered.
            exchange?.keepsAlive = false
        case .skipping:
            close()
        case nil:
            send(.text(status, "the request is not valid HTTP\n"), connection: .close, omitsBody: false)
            closeAfterReading()
        }
    }
}

import CollectorCore
import NIOCore
import NIOHTTP1

/// What a connection tells the pool's shell.
protocol HTTPConnectionOwner: AnyObject {
    /// The connection has answered and can take another request.
    func connectionAvailable(_ connection: HTTPConnection)
    /// The connection is closed. `orphan` is a request to be sent again on a fresh connection.
    func connectionClosed(_ connection: HTTPConnection, orphan: HTTPClientExchange?)
}

/// One keep-alive connection, one request at a time: the last handler of the channel. On its event loop only.
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    /// Why an exchange ended without an answer.
    enum Failure: Error {
        case timeout
        case closedBeforeAnswer
        case closedWithinAnswer
        case answerTooLarge(limit: Int)
        case badEncoding(InflateError)
    }

    private static let postHead = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/")

    /// Kept alive by its connections until they are closed.
    private var owner: (any HTTPConnectionOwner)?
    private let channel: any Channel
    private let writer: RequestWriter
    private let decoder: HTTPResponseDecoder
    private let timer: LoopTimer
    private let idleTimeout: TimeAmount
    private let responseLimit: Int

    private var exchange: HTTPClientExchange?
    private var response: ResponseCollector
    private var isReused = false
    /// The request's bytes have not all left; the connection is of no use for another one until they have.
    private var isWriting = false
    private(set) var isClosed = false

    init(
        channel: any Channel, writer: RequestWriter, decoder: HTTPResponseDecoder, idleTimeout: TimeAmount,
        responseLimit: Int
    ) {
        self.channel = channel
        self.writer = writer
        self.decoder = decoder
        self.idleTimeout = idleTimeout
        self.responseLimit = responseLimit
        response = ResponseCollector(limit: responseLimit)
        timer = LoopTimer(eventLoop: channel.eventLoop)
        timer.onDeadline = { [weak self] in self?.deadlinePassed() }
    }

    /// Makes the connection one of `owner`'s, who hears of its end from now on.
    func adopt(by owner: any HTTPConnectionOwner) {
        self.owner = owner
    }

    /// Sends a request; the connection must be free.
    func start(_ exchange: HTTPClientExchange) {
        self.exchange = exchange
        timer.set(exchange.deadline)
        // The decoder must know that an answer is due, and to what method; answers to GET are of the same form.
        decoder.write(data: .head(Self.postHead))
        isWriting = true
        writer.send(head: exchange.request.head, body: exchange.request.body)?.assumeIsolated().whenSuccess { [self] in
            isWriting = false
        }
    }

    /// Nobody uses the connection for now.
    func becomeIdle() {
        timer.set(channel.eventLoop.now + idleTimeout)
    }

    /// Closes the connection; its owner hears of it at once. A channel that is closed from within its own connecting
    /// never says that it became inactive.
    func close() {
        close(orphan: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard exchange != nil else {
            close()
            return
        }
        let part = unwrapInboundIn(data)
        let keepsAlive = response.head?.isKeepAlive ?? false
        do throws(ResponseCollector.TooLarge) {
            if let answer = try response.take(part) { finish(answer, keepsAlive: keepsAlive) }
        } catch {
            fail(Failure.answerTooLarge(limit: responseLimit))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(Failure.closedBeforeAnswer)
    }

    private func finish(_ answer: HTTPResponse, keepsAlive: Bool) {
        guard let exchange else { return }
        self.exchange = nil
        isReused = true
        // First the connection is free, then the caller hears of it: its next request finds the connection.
        if keepsAlive, !isWriting {
            owner?.connectionAvailable(self)
        } else {
            close(orphan: nil)
        }
        exchange.complete(Self.inflated(answer, limit: responseLimit))
    }

    private func deadlinePassed() {
        if exchange == nil { close(orphan: nil) } else { fail(Failure.timeout) }
    }

    /// Ends the exchange without an answer, and the connection with it.
    private func fail(_ error: any Error) {
        guard let exchange else {
            close(orphan: nil)
            return
        }
        self.exchange = nil
        if response.head == nil, isReused, !exchange.isSecondTry, !Self.isTimeout(error) {
            // The server had closed the connection before it saw the request (RFC 9112, 9.3.1; conformance 81).
            exchange.isSecondTry = true
            close(orphan: exchange)
            return
        }
        close(orphan: nil)
        if response.head != nil, case Failure.closedBeforeAnswer = error {
            exchange.complete(.failure(Failure.closedWithinAnswer))
        } else {
            exchange.complete(.failure(error))
        }
    }

    private func close(orphan: HTTPClientExchange?) {
        guard !isClosed else { return }
        isClosed = true
        timer.stop()
        channel.close(promise: nil)
        let owner = owner
        self.owner = nil
        owner?.connectionClosed(self, orphan: orphan)
    }

    private static func isTimeout(_ error: any Error) -> Bool {
        if case Failure.timeout = error { true } else { false }
    }

    private static func inflated(_ answer: HTTPResponse, limit: Int) -> Result<HTTPResponse, any Error> {
        let format: CompressedFormat
        switch answer.headers.first(name: "content-encoding")?.lowercased() {
        case "gzip", "x-gzip": format = .gzip
        case "deflate": format = .deflate
        default: return .success(answer)
        }
        if answer.body.readableBytes == 0 { return .success(answer) }
        do throws(InflateError) {
            let body = try Inflater.inflate(answer.body, format: format, limit: limit)
            return .success(HTTPResponse(status: answer.status, headers: answer.headers, body: body))
        } catch {
            return .failure(Failure.badEncoding(error))
        }
    }
}

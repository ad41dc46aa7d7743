// One HTTP/2 connection with many unary calls: the handler behind NIOHTTP2Handler. It speaks in frames itself, without
// a channel per stream: a unary call needs one HEADERS and a few DATA frames each way, and the frame handler already
// orders them by flow control and by the peer's limit of concurrent streams.
//
// Inbound flow control is simple on purpose. The window of a stream holds the largest answer that is taken, so streams
// need no updates; only the connection's window is opened again as it is used up.

import CollectorCore
import NIOCore
import NIOHTTP2
import NIOTLS

/// What a connection tells the shell around it.
protocol GRPCConnectionOwner: AnyObject {
    /// The peer speaks HTTP/2.
    func connectionHealthy(_ connection: GRPCConnection)
    /// The connection takes no new calls.
    func connectionRetired(_ connection: GRPCConnection)
    /// The connection is closed; with `error` before it was healthy.
    func connectionClosed(_ connection: GRPCConnection, unusable error: DeliveryError?)
    /// The peer has not looked at this call; it may be sent again.
    func callUnprocessed(_ call: GRPCClientCall)
}

/// A connection and its calls. On its event loop only.
final class GRPCConnection: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private struct Stream {
        let call: GRPCClientCall
        var response: GRPCResponseState
    }

    /// The connection's inbound window is kept between half of this and all of it.
    private static let connectionWindow = 1 << 20

    private var owner: (any GRPCConnectionOwner)?
    private let channel: any Channel
    private let endpoint: OTLPEndpoint
    private let responseLimit: Int
    private let deadlines: LoopTimer
    private let keepaliveTimer: LoopTimer
    private var keepalive: GRPCKeepalive?

    private var streams: [HTTP2StreamID: Stream] = [:]
    /// Answered while the request was still being sent; reset unless their end comes with the same read.
    private var halfClosed: [HTTP2StreamID] = []
    private var nextStreamID = HTTP2StreamID(1)
    private var isHealthy = false
    private var isRetired = false
    /// The last stream that the peer has looked at, as its GOAWAY says.
    private var lastProcessed: HTTP2StreamID?
    private(set) var closeReason: DeliveryError?

    init(channel: any Channel, endpoint: OTLPEndpoint, configuration: GRPCClientConfiguration) {
        self.channel = channel
        self.endpoint = endpoint
        responseLimit = configuration.responseLimit
        keepalive = configuration.keepalive.map { GRPCKeepalive($0, now: channel.eventLoop.now) }
        deadlines = LoopTimer(eventLoop: channel.eventLoop)
        keepaliveTimer = LoopTimer(eventLoop: channel.eventLoop)
        deadlines.onDeadline = { [weak self] in self?.expireCalls() }
        keepaliveTimer.onDeadline = { [weak self] in self?.checkKeepalive() }
    }

    /// Makes the connection one of `owner`'s, who hears of its state from now on.
    func adopt(by owner: any GRPCConnectionOwner) {
        self.owner = owner
        if isHealthy { owner.connectionHealthy(self) }
        checkKeepalive()
    }

    /// Sends a call. The connection must not be retired.
    func start(_ call: GRPCClientCall) {
        let id = nextStreamID
        nextStreamID = id.advanced(by: 2)
        streams[id] = Stream(
            call: call, response: GRPCResponseState(endpoint: endpoint.description, limit: responseLimit))
        deadlines.setEarlier(call.deadline)
        let opened = channel.eventLoop.makePromise(of: Void.self)
        opened.futureResult.assumeIsolated().whenFailure { [self] _ in unprocessed(id) }
        write(.headers(.init(headers: call.request.headers())), on: id, promise: opened)
        let pieces = call.request.pieces()
        for (index, piece) in pieces.enumerated() {
            write(.data(.init(data: .byteBuffer(piece), endStream: index == pieces.count - 1)), on: id)
        }
        channel.flush()
        if id >= HTTP2StreamID.maxID.advanced(by: -2) { retire() }
    }

    /// Takes no new calls and closes when those under way have ended.
    func retire() {
        if !isRetired {
            isRetired = true
            owner?.connectionRetired(self)
        }
        closeIfDone()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        keepalive?.heard(at: context.eventLoop.now)
        switch frame.payload {
        case .headers(let headers):
            let result = streams[frame.streamID]?.response.receive(headers.headers, endStream: headers.endStream)
            settle(frame.streamID, result)
        case .data(let data):
            guard case .byteBuffer(let bytes) = data.data else { return }
            let result = streams[frame.streamID]?.response.receive(bytes, endStream: data.endStream)
            settle(frame.streamID, result)
        case .settings(.settings):
            if !isHealthy {
                isHealthy = true
                owner?.connectionHealthy(self)
            }
        case .goAway(let last, _, _):
            lastProcessed = last
            retire()
        default: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !halfClosed.isEmpty {
            for id in halfClosed { write(.rstStream(.cancel), on: id) }
            halfClosed = []
            channel.flush()
        }
        closeIfDone()
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as StreamClosedEvent: streamClosed(event)
        case let event as NIOHTTP2WindowUpdatedEvent: windowChanged(event)
        case TLSUserEvent.handshakeCompleted(let negotiated?) where negotiated != "h2":
            fail(.retryable("\(endpoint): the server speaks \(negotiated), not HTTP/2"))
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? NIOHTTP2Errors.StreamError {
            settle(
                error.streamID,
                .failure(.permanent("\(endpoint): \(TransportFailure.describe(error.baseError))", code: .internal)))
        } else {
            fail(.retryable("\(endpoint): \(TransportFailure.describe(error))"))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.retryable("\(endpoint): connection closed before an answer"))
    }

    // MARK: Calls

    /// Ends a call whose result is known.
    private func settle(_ id: HTTP2StreamID, _ result: Result<ByteBuffer, DeliveryError>?) {
        guard let result, let stream = streams.removeValue(forKey: id) else { return }
        halfClosed.append(id)
        stream.call.complete(result)
    }

    private func streamClosed(_ event: StreamClosedEvent) {
        halfClosed.removeAll { $0 == event.streamID }
        guard let stream = streams[event.streamID] else { return }
        let reason = event.reason ?? .noError
        // Refused, or above what GOAWAY names as the last stream looked at.
        if !stream.response.hasBegun, reason == .refusedStream || lastProcessed.map({ event.streamID > $0 }) ?? false {
            unprocessed(event.streamID)
        } else {
            streams[event.streamID] = nil
            stream.call.complete(.failure(GRPCOutcome.error(reset: reason, endpoint: endpoint.description)))
        }
        closeIfDone()
    }

    private func unprocessed(_ id: HTTP2StreamID) {
        guard let stream = streams.removeValue(forKey: id) else { return }
        if stream.call.isSecondTry {
            stream.call.complete(.failure(closeReason ?? .retryable("\(endpoint): the server refuses calls")))
        } else {
            stream.call.isSecondTry = true
            owner?.callUnprocessed(stream.call)
        }
    }

    private func expireCalls() {
        let now = channel.eventLoop.now
        for (id, stream) in streams where stream.call.deadline <= now {
            streams[id] = nil
            write(.rstStream(.cancel), on: id)
            let text = "\(endpoint): no answer within \(stream.call.request.timeout)"
            stream.call.complete(.failure(.retryable(text, code: .deadlineExceeded)))
        }
        channel.flush()
        if let next = streams.values.lazy.map(\.call.deadline).min() { deadlines.set(next) }
        closeIfDone()
    }

    // MARK: Connection

    private func windowChanged(_ event: NIOHTTP2WindowUpdatedEvent) {
        guard event.streamID == .rootStream, let window = event.inboundWindowSize,
            window <= Self.connectionWindow / 2
        else { return }
        write(.windowUpdate(windowSizeIncrement: Self.connectionWindow - window), on: .rootStream)
        channel.flush()
    }

    private func checkKeepalive() {
        while let action = keepalive?.check(at: channel.eventLoop.now, hasCalls: !streams.isEmpty) {
            switch action {
            case .ping:
                write(.ping(HTTP2PingData(withInteger: 1), ack: false), on: .rootStream)
                channel.flush()
            case .wait(let time): return keepaliveTimer.set(time)
            case .giveUp: return fail(.retryable("\(endpoint): no answer to a keepalive ping"))
            }
        }
    }

    private func closeIfDone() {
        guard isRetired, streams.isEmpty, closeReason == nil else { return }
        write(.goAway(lastStreamID: .rootStream, errorCode: .noError, opaqueData: nil), on: .rootStream)
        channel.flush()
        fail(.retryable("\(endpoint): the connection is retired"))
    }

    /// Closes the connection; all calls end with `error`.
    private func fail(_ error: DeliveryError) {
        guard closeReason == nil else { return }
        closeReason = error
        isRetired = true
        deadlines.stop()
        keepaliveTimer.stop()
        channel.close(promise: nil)
        let (owner, streams) = (owner, streams)
        self.owner = nil
        self.streams = [:]
        owner?.connectionClosed(self, unusable: isHealthy ? nil : error)
        for stream in streams.values { stream.call.complete(.failure(error)) }
    }

    private func write(
        _ payload: HTTP2Frame.FramePayload, on id: HTTP2StreamID, promise: EventLoopPromise<Void>? = nil
    ) {
        channel.write(HTTP2Frame(streamID: id, payload: payload), promise: promise)
    }
}

// One gRPC call: the messages of its stream on top of the unary call. Free of I/O, like it.

import CollectorCore
import NIOCore

/// The state of one call on a connection.
struct GRPCStream {
    private enum Message {
        case none, arriving, complete
    }

    let head: GRPCCallHead
    private let encoding: String?
    private var call: UnaryCall
    private var reader = GRPCMessageReader()
    private var message = Message.none
    /// Whether the client may still send.
    private(set) var isInputOpen: Bool
    /// The time after which the call is given up: the client's, or that for the message to arrive.
    var deadline: NIODeadline?
    /// The client's own deadline.
    let clientDeadline: NIODeadline?
    /// Whether response headers were sent.
    var isResponseStarted = false
    var onClose: (@Sendable () -> Void)?

    init(head: GRPCCallHead, encoding: String?, clientDeadline: NIODeadline?, call: UnaryCall, isInputOpen: Bool) {
        self.head = head
        self.encoding = encoding
        self.clientDeadline = clientDeadline
        self.deadline = clientDeadline
        self.call = call
        self.isInputOpen = isInputOpen
    }

    /// A DATA frame has arrived, or the end of the stream with another. Of the actions its parts call for the last that
    /// is one is returned: nothing but a refusal can follow another, and replaces it.
    mutating func receive(_ data: ByteBuffer, isLast: Bool) -> UnaryCall.Action {
        var input = data
        var action = UnaryCall.Action.wait
        if isLast { isInputOpen = false }
        while !call.isFinished, let event = nextEvent(&input) {
            switch event {
            case .success(.prefix(let isCompressed, let length)):
                action.replace(begin(isCompressed: isCompressed, length: length))
            case .success(.bytes(let piece)):
                action.replace(call.receive(piece))
            case .success(.end):
                message = .complete
            case .failure(let error):
                action.replace(call.fail(CallFailure(error)))
            }
        }
        if isLast { action.replace(endInput()) }
        return action
    }

    private mutating func endInput() -> UnaryCall.Action {
        deadline = clientDeadline
        guard reader.isBetweenMessages else { return call.fail(CallFailure(.truncated)) }
        guard case .complete = message else { return call.fail(.wrongMessageCount) }
        return call.end()
    }

    mutating func inflated(_ result: Result<BodyInflater.Outcome, CallFailure>) -> UnaryCall.Action {
        call.inflated(result)
    }

    /// Gives the call's bytes back.
    mutating func cancel() {
        call.cancel()
    }

    private mutating func nextEvent(_ input: inout ByteBuffer) -> Result<GRPCMessageReader.Event, GRPCFramingError>? {
        do throws(GRPCFramingError) {
            return try reader.next(&input).map { .success($0) }
        } catch {
            return .failure(error)
        }
    }

    private mutating func begin(isCompressed: Bool, length: Int) -> UnaryCall.Action {
        guard case .none = message else { return call.fail(.wrongMessageCount) }
        message = .arriving
        guard isCompressed else { return call.begin(coding: .identity, length: length) }
        guard let encoding else {
            return call.fail(.malformed("the message is compressed but grpc-encoding is missing"))
        }
        switch ContentCoding.named(encoding) {
        case .compressed(let format): return call.begin(coding: .compressed(format), length: length)
        case .identity: return call.fail(.malformed("the message is compressed but grpc-encoding is identity"))
        case nil: return call.fail(.unsupportedCoding(encoding))
        }
    }
}

extension UnaryCall.Action {
    fileprivate mutating func replace(_ next: UnaryCall.Action) {
        if case .wait = next { return }
        self = next
    }
}

extension CallFailure {
    fileprivate init(_ error: GRPCFramingError) {
        switch error {
        case .invalidFlag(let flag): self = .malformed("a message's first byte is \(flag); it must be 0 or 1")
        case .truncated: self = .malformed("the stream ended inside a message")
        case .secondMessage: self = .wrongMessageCount
        case .tooLarge(_, let limit): self = .tooLarge(limit: limit, isDecompressed: false)
        }
    }
}

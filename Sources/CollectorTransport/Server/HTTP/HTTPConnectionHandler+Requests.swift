import CollectorCore
import NIOCore
import NIOHTTP1

/// From the parts of requests to calls of the service.
extension HTTPConnectionHandler {
    /// Whether a request is under way that must be answered before the next part can be looked at.
    var isBusy: Bool {
        switch exchange?.phase {
        case .answering, .streaming: true
        case .receiving, .skipping, nil: false
        }
    }

    /// Whether nothing should be read from the socket.
    var isPaused: Bool {
        if isClosing { return false }
        return isBusy || exchange?.isInflating == true || context?.channel.isWritable == false
    }

    func process(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head):
            begin(head)
        case .body(let bytes):
            switch exchange?.phase {
            case .receiving: perform(exchange?.call.receive(bytes))
            case .skipping(let left) where bytes.readableBytes <= left:
                exchange?.phase = .skipping(left: left - bytes.readableBytes)
            case .skipping: closeAfterReading()
            case .answering, .streaming, nil: break
            }
        case .end:
            switch exchange?.phase {
            case .receiving:
                exchange?.phase = .answering
                setDeadline(after: .zero)
                perform(exchange?.call.end())
            case .skipping: finishExchange()
            case .answering, .streaming, nil: break
            }
        }
    }

    func begin(_ request: HTTPRequestHead) {
        isParsingHead = false
        sequence += 1
        let head = HTTPCallHead(request: request, remoteAddress: context?.channel.remoteAddress)
        let admission = environment.service.admit(head)
        let limits: CallLimits = if case .read(let limits) = admission { limits } else { CallLimits() }
        var exchange = HTTPExchange(head: head, call: UnaryCall(limits: limits, budget: environment.budget))
        if isShuttingDown { exchange.keepsAlive = false }
        self.exchange = exchange
        setDeadline(after: environment.settings.bodyTimeout)
        if case .answer(let answer) = admission { return self.answer(answer, to: sequence) }
        let encoding = head.header("content-encoding") ?? ""
        guard let coding = ContentCoding.named(encoding) else {
            return perform(self.exchange?.call.fail(.unsupportedCoding(encoding)))
        }
        perform(self.exchange?.call.begin(coding: coding, length: exchange.contentLength))
        if exchange.expectsContinue, case .receiving = self.exchange?.phase {
            write(Self.continueResponse)
        }
    }

    func perform(_ action: UnaryCall.Action?) {
        var next = action
        while let action = next {
            next = nil
            switch action {
            case .wait:
                break
            case .inflate(let step) where step.isOffLoop:
                exchange?.isInflating = true
                inflateOnWorker(step)
            case .inflate(let step):
                next = exchange?.call.inflated(step.run())
            case .dispatch(let body):
                dispatch(body)
            case .refuse(let failure):
                refuse(failure)
            }
        }
    }

    func inflateOnWorker(_ step: InflateStep) {
        guard let bound else { return }
        environment.workers.run { [sequence] in
            let result = step.run()
            bound.eventLoop.execute { bound.value.inflated(result, for: sequence) }
        }
    }

    func inflated(_ result: Result<BodyInflater.Outcome, CallFailure>, for sequence: Int) {
        guard sequence == self.sequence, exchange != nil else { return }
        exchange?.isInflating = false
        perform(exchange?.call.inflated(result))
        resume()
    }

    func dispatch(_ body: CallBody) {
        guard let exchange, let bound else { return }
        let call = HTTPCall(
            head: exchange.head, body: body.bytes, gzipped: body.gzipped, reservation: body.reservation)
        environment.service.handle(call, respond: HTTPResponder(connection: bound, sequence: sequence))
    }

    func refuse(_ failure: CallFailure) {
        guard let exchange else { return }
        var answer = environment.service.failure(exchange.head, failure.httpError, status: failure.httpStatus)
        switch failure {
        case .unsupportedCoding:
            answer.headers.append(("accept-encoding", ContentCoding.supported))
        case .malformed, .timedOut:
            self.exchange?.keepsAlive = false
        default:
            break
        }
        self.answer(answer, to: sequence)
    }
}

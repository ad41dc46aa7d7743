import CollectorCore
import NIOCore
import NIOHPACK
import NIOHTTP2

/// From frames to calls of the service.
extension GRPCConnectionHandler {
    func open(_ id: HTTP2StreamID, _ list: HPACKHeaders, isLast: Bool) {
        lastStreamID = max(lastStreamID, id)
        openStreams += 1
        idleDeadline = nil
        let headers = GRPCRequestHeaders(list)
        let now = context?.eventLoop.now ?? .now()
        let head = GRPCCallHead(path: headers.path, headers: list, remoteAddress: context?.channel.remoteAddress)
        let clientDeadline = headers.timeout.map { now.after($0) ?? now }
        let admission = environment.service.admit(head)
        let limits: CallLimits = if case .read(let limits) = admission { limits } else { CallLimits() }
        var stream = GRPCStream(
            head: head, encoding: headers.encoding, clientDeadline: clientDeadline,
            call: UnaryCall(limits: limits, budget: environment.budget), isInputOpen: !isLast)
        stream.deadline = [clientDeadline, now.after(settings.bodyTimeout)].compactMap { $0 }.min()
        streams[id] = stream
        if headers.listSize > settings.headerListSize {
            refuse(id, httpStatus: 431)
        } else if !headers.isPost {
            refuse(id, httpStatus: 405)
        } else if !headers.isGRPC {
            refuse(id, httpStatus: 415)
        } else if headers.isTimeoutMalformed {
            answer(.failure(CallFailure.malformed("grpc-timeout is malformed").grpcError), to: id)
        } else if case .answer(let answer) = admission {
            self.answer(answer, to: id)
        } else if let deadline = stream.deadline {
            timer.advance(to: deadline, on: context?.eventLoop, onTimer)
        }
    }

    func perform(_ action: UnaryCall.Action?, for id: HTTP2StreamID) {
        var next = action
        while let action = next {
            next = nil
            switch action {
            case .wait:
                break
            case .inflate(let step) where step.isOffLoop:
                inflateOnWorker(step, for: id)
            case .inflate(let step):
                next = streams[id]?.inflated(step.run())
            case .dispatch(let body):
                dispatch(body, for: id)
            case .refuse(let failure):
                fail(id, failure)
            }
        }
    }

    func inflateOnWorker(_ step: InflateStep, for id: HTTP2StreamID) {
        guard let bound else { return }
        environment.workers.run {
            let result = step.run()
            bound.eventLoop.execute {
                let handler = bound.value
                handler.perform(handler.streams[id]?.inflated(result), for: id)
            }
        }
    }

    func dispatch(_ body: CallBody, for id: HTTP2StreamID) {
        guard let head = streams[id]?.head, let bound else { return }
        let call = GRPCCall(
            head: head, message: body.bytes, gzipped: body.gzipped, reservation: body.reservation)
        environment.service.handle(call, respond: GRPCResponder(connection: bound, streamID: id))
    }

    func fail(_ id: HTTP2StreamID, _ failure: CallFailure) {
        guard let stream = streams[id] else { return }
        var headers = GRPCResponseHeaders.failure(
            failure.grpcError, details: nil, isResponseStarted: stream.isResponseStarted)
        if case .unsupportedCoding = failure {
            headers.add(
                name: GRPCResponseHeaders.acceptedEncodings.name, value: GRPCResponseHeaders.acceptedEncodings.value)
        }
        finish(id, stream, headers)
    }
}

// One request from the moment its head was admitted until its body goes to a service: the part that OTLP over HTTP/1
// and over gRPC share. No I/O happens here; a connection handler tells it what arrived and does what it answers.
//
//     begin ─▶ receiving ──end──▶ (inflating) ──▶ dispatch
//                 │  ▲ └─ a large compressed body is inflated while it arrives, so that a bomb is refused early
//                 ▼  │
//              inflating              any failure ─▶ refuse, once; whatever comes later is ignored
//
// Small bodies are inflated by the caller at once. Large ones are inflated on a worker thread, one step at a time;
// meanwhile more bytes may arrive and wait in the collector.

package import CollectorCore
package import NIOCore

/// The body of a request, decompressed.
package struct CallBody: Sendable {
    package var bytes: ByteBuffer
    /// The body as it was sent, when that was gzip: exporters may pass it on untouched.
    package var gzipped: ByteBuffer?
    /// Keeps both charged to the byte budget.
    package let reservation: ByteReservation
}

/// The state of one request's body.
package struct UnaryCall {
    package enum Action {
        case wait
        /// Run the step, on a worker thread if it says so, and report to `inflated`.
        case inflate(InflateStep)
        /// The body is whole.
        case dispatch(CallBody)
        /// The request cannot be served; its bytes are released.
        case refuse(CallFailure)
    }

    /// Compressed bodies over this size, as sent, are inflated on a worker thread.
    static let largestWireOnLoop = 256 << 10
    /// And so is what exceeds this size inflated.
    static let largestBodyOnLoop = 1 << 20

    private enum Phase {
        case receiving, ended, finished
    }

    private let limits: CallLimits
    private let budget: ByteBudget
    private var phase = Phase.receiving
    private var collector: BodyCollector?
    private var inflater: BodyInflater?
    private var isInflating = false
    private var isOffLoop = false

    package init(limits: CallLimits, budget: ByteBudget) {
        self.limits = limits
        self.budget = budget
    }

    /// Whether nothing more is to be done for the body: it was dispatched, refused or given up.
    package var isFinished: Bool { phase == .finished }

    /// The body's coding and, when the client declared it, its size as sent are known. Comes first, once.
    package mutating func begin(coding: ContentCoding, length: Int?) -> Action {
        attempt { call throws(CallFailure) in
            let length = length ?? 0
            guard length <= call.limits.wireBytes else {
                throw .tooLarge(limit: call.limits.wireBytes, isDecompressed: false)
            }
            call.collector = BodyCollector(
                limit: call.limits.wireBytes, announced: length, reservation: try call.reserve())
            if case .compressed(let format) = coding {
                call.inflater = BodyInflater(
                    format: format, limit: call.limits.bodyBytes, reservation: try call.reserve())
            }
            return .wait
        }
    }

    /// A piece of the body has arrived.
    package mutating func receive(_ piece: ByteBuffer) -> Action {
        guard phase == .receiving else { return .wait }
        return attempt { call throws(CallFailure) in
            try call.collector?.append(piece)
            return call.nextStep()
        }
    }

    /// The body is complete.
    package mutating func end() -> Action {
        guard phase == .receiving else { return .wait }
        phase = .ended
        guard inflater == nil else { return nextStep() }
        guard var collector else { return finish(.malformed("the request has no body")) }
        release()
        return .dispatch(CallBody(bytes: collector.take(), gzipped: nil, reservation: collector.reservation))
    }

    /// The step of the last `inflate` action has run.
    package mutating func inflated(_ result: Result<BodyInflater.Outcome, CallFailure>) -> Action {
        isInflating = false
        guard phase != .finished else { return .wait }
        switch result {
        case .failure(let failure):
            return finish(failure)
        case .success(.needsInput):
            return nextStep()
        case .success(.paused):
            isOffLoop = true
            return step(ByteBuffer(), isLast: phase == .ended)
        case .success(.complete(let body)):
            return dispatch(body)
        }
    }

    /// The request is to be answered with a failure; does nothing when its body is already dispatched or refused.
    package mutating func fail(_ failure: CallFailure) -> Action {
        guard phase != .finished else { return .wait }
        return finish(failure)
    }

    /// The client is gone: everything is released.
    package mutating func cancel() {
        _ = fail(.shuttingDown)
    }

    private mutating func nextStep() -> Action {
        guard inflater != nil, !isInflating, let pending = collector?.pendingCount else { return .wait }
        guard phase == .ended || pending > Self.largestWireOnLoop else { return .wait }
        let piece = collector?.take() ?? ByteBuffer()
        if let inflater, !isOffLoop { isOffLoop = inflater.isLarge(piece) }
        return step(piece, isLast: phase == .ended)
    }

    private mutating func step(_ piece: ByteBuffer, isLast: Bool) -> Action {
        guard let inflater else { return .wait }
        isInflating = true
        return .inflate(InflateStep(inflater: inflater, piece: piece, isLast: isLast, isOffLoop: isOffLoop))
    }

    /// Moves the charge of the wire bytes over to the body's, so that one reservation holds both.
    private mutating func dispatch(_ body: CallBody) -> Action {
        attempt { call throws(CallFailure) in
            let bytes = body.bytes.storageCapacity + (body.gzipped?.storageCapacity ?? 0)
            call.collector?.reservation.shrink(to: 0)
            body.reservation.shrink(to: bytes)
            do throws(DeliveryError) {
                try body.reservation.grow(to: bytes)
            } catch {
                throw .overBudget(error)
            }
            call.release()
            return .dispatch(body)
        }
    }

    private func reserve() throws(CallFailure) -> ByteReservation {
        do {
            return try budget.reserve(0)
        } catch {
            throw .overBudget(error)
        }
    }

    private mutating func attempt(_ body: (inout UnaryCall) throws(CallFailure) -> Action) -> Action {
        do throws(CallFailure) {
            return try body(&self)
        } catch {
            return finish(error)
        }
    }

    private mutating func finish(_ failure: CallFailure) -> Action {
        release()
        return .refuse(failure)
    }

    private mutating func release() {
        phase = .finished
        collector = nil
        inflater = nil
    }
}

/// One step of decompression, to be run once.
package struct InflateStep: Sendable {
    fileprivate let inflater: BodyInflater
    fileprivate let piece: ByteBuffer
    fileprivate let isLast: Bool
    /// Whether the step is too long for an event loop.
    package let isOffLoop: Bool

    package func run() -> Result<BodyInflater.Outcome, CallFailure> {
        do throws(CallFailure) {
            let share = isOffLoop ? Int.max : UnaryCall.largestBodyOnLoop
            return .success(try inflater.step(piece, isLast: isLast, share: share))
        } catch {
            return .failure(error)
        }
    }
}

import CollectorCore
import NIOCore
import Synchronization

/// The decompression of one request body, on the event loop or on a worker thread, one step at a time.
package final class BodyInflater: Sendable {
    /// How a step ended.
    package enum Outcome: Sendable {
        /// Everything fed so far is inflated.
        case needsInput
        /// The step's share of output is used up; another step goes on.
        case paused
        case complete(CallBody)
    }

    fileprivate struct State: ~Copyable {
        var inflater: Inflater
        var input = ByteBuffer()
        var output = ByteBuffer()
        /// The body as it was sent, kept for exporters that pass it on; only gzip is worth keeping.
        var wire = ByteBuffer()
        var isAllocated = false
    }

    private let format: CompressedFormat
    private let limit: Int
    /// The charge for the output. The wire bytes are charged to the collector's until the body is complete.
    private let reservation: ByteReservation
    private let state: Mutex<State>

    init(format: CompressedFormat, limit: Int, reservation: ByteReservation) {
        self.format = format
        self.limit = limit
        self.reservation = reservation
        self.state = Mutex(State(inflater: Inflater(format: format)))
    }

    /// Whether inflating `piece` is too long for an event loop, as far as its bytes tell.
    func isLarge(_ piece: ByteBuffer) -> Bool {
        piece.readableBytes > UnaryCall.largestWireOnLoop
            || InflatedSize.declared(by: piece, format: format) ?? 0 > UnaryCall.largestBodyOnLoop
    }

    /// Feeds `piece` and inflates until it is used up or about `share` bytes were written.
    func step(_ piece: ByteBuffer, isLast: Bool, share: Int) throws(CallFailure) -> Outcome {
        try state.withLock { state throws(CallFailure) in
            state.feed(piece, keeping: format == .gzip)
            if !state.isAllocated {
                state.isAllocated = true
                let capacity = InflatedSize.initialCapacity(
                    of: state.input, format: format, limit: limit, isWhole: isLast)
                try enlarge(&state, to: capacity)
            }
            guard try inflate(&state, share: share) else { return .paused }
            guard isLast else { return .needsInput }
            do throws(InflateError) {
                try state.inflater.finish()
            } catch {
                throw CallFailure(error)
            }
            state.trim()
            let body = CallBody(
                bytes: state.output, gzipped: format == .gzip ? state.wire : nil, reservation: reservation)
            return .complete(body)
        }
    }

    /// Inflates the input; false when the share was used up before.
    private func inflate(_ state: inout State, share: Int) throws(CallFailure) -> Bool {
        let start = state.output.readableBytes
        var size = start
        while try state.advance(atMost: min(limit - size, share - (size - start))) {
            size = state.output.readableBytes
            if size >= limit {
                try state.expectEnd(limit: limit)
                return true
            }
            if size - start >= share { return false }
            if state.output.writableBytes == 0 {
                try enlarge(&state, to: size + InflatedSize.growth(from: size, limit: limit))
            }
        }
        return true
    }

    private func enlarge(_ state: inout State, to capacity: Int) throws(CallFailure) {
        do throws(DeliveryError) {
            try reservation.grow(to: ByteBuffer.allocatedCapacity(capacity))
        } catch {
            throw .overBudget(error)
        }
        state.output.reserveCapacity(capacity)
    }
}

extension BodyInflater.State {
    mutating func feed(_ piece: ByteBuffer, keeping isKept: Bool) {
        guard piece.readableBytes > 0 else { return }
        input = piece
        guard isKept else { return }
        if wire.readableBytes == 0 { wire = piece } else { wire.writeImmutableBuffer(piece) }
    }

    /// Gives back what a wrong guess of the size allocated.
    mutating func trim() {
        guard output.storageCapacity > 4 * output.readableBytes, output.storageCapacity > 4096 else { return }
        output = ByteBuffer(bytes: output.readableBytesView)
    }

    /// Whether the output needs room; otherwise all input is used up.
    mutating func advance(atMost: Int) throws(CallFailure) -> Bool {
        do throws(InflateError) {
            return try inflater.step(&input, into: &output, atMost: atMost) == .needsRoom
        } catch {
            throw CallFailure(error)
        }
    }

    mutating func expectEnd(limit: Int) throws(CallFailure) {
        do throws(InflateError) {
            try inflater.expectEnd(&input, limit: limit)
        } catch {
            throw CallFailure(error)
        }
    }
}

extension CallFailure {
    fileprivate init(_ error: InflateError) {
        switch error {
        case .tooLarge(let limit): self = .tooLarge(limit: limit, isDecompressed: true)
        case .corrupt(let reason): self = .corrupt(reason)
        }
    }
}

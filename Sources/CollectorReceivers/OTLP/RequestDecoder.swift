import CollectorCore
import NIOCore
import OTLPMessages
import OTLPWire

/// A request's body after the door: what can be used of it, and what cannot.
struct DecodedRequest: Sendable {
    /// nil when the request has no items.
    var segment: Segment?
    /// Items that were refused for what they are, while the rest is taken.
    var refused: Refusal?
}

/// Turns a request's body into a validated segment. Synchronous; JSON and large bodies belong on a worker thread.
struct RequestDecoder: Sendable {
    /// The limit for what JSON may become.
    let maximumBytes: Int

    /// - Parameter gzipped: the body as the client compressed it, if it did.
    func decode(
        _ body: ByteBuffer, signal: Signal, encoding: RequestEncoding, gzipped: ByteBuffer?,
        reservation: ByteReservation?
    ) throws(DeliveryError) -> DecodedRequest {
        var message = body
        var untouched = gzipped
        if encoding == .json {
            do {
                let bytes = try wireBytes(
                    fromJSON: body.readableBytesUInt8Span, kind: signal.requestKind, limit: maximumBytes)
                message = ByteBuffer(bytes: bytes)
                untouched = nil
            } catch {
                throw .permanent("\(error)")
            }
        }
        let gzippedBytes = untouched?.readableBytes ?? 0
        let spanCount = try reserveIndex(of: message, signal, reservation, beside: gzippedBytes)
        var validation = try validate(message, signal, spanCount)
        if validation.needsCanonicalForm {
            message = try canonical(message, signal)
            untouched = nil
            validation = try validate(message, signal)
        }
        let refused =
            validation.refusedCount > 0
            ? Refusal(count: validation.refusedCount, reason: validation.refusedReason) : nil
        if !validation.refusedPoints.isEmpty, case .metrics(let index) = validation.index,
            validation.index.itemCount > 0
        {
            message = ByteBuffer(
                bytes: withoutRefusedPoints(message.readableBytesUInt8Span, index, validation.refusedPoints))
            validation = try validate(message, signal)
        }
        if refused != nil { untouched = nil }
        if validation.index.itemCount == 0 {
            // Nothing of the request is usable: that is the whole request's error (conformance 35, 65).
            if let refused { throw .permanent(refused.reason) }
            return DecodedRequest(segment: nil, refused: nil)
        }
        try reservation?.grow(
            to: message.readableBytes + validation.index.memoryBytes + (untouched?.readableBytes ?? 0))
        return DecodedRequest(
            segment: Segment(body: message, index: validation.index, gzipped: untouched, reservation: reservation),
            refused: refused)
    }

    /// Bodies from this size on have their spans counted first.
    private static let countedBytes = 1 << 20

    /// Reserves what the index of a large body will take, before it is made: minimal spans have one three times their
    /// size.
    /// - Returns: the number of spans, if they were counted.
    private func reserveIndex(
        of body: ByteBuffer, _ signal: Signal, _ reservation: ByteReservation?, beside bytes: Int
    ) throws(DeliveryError) -> Int? {
        guard signal == .traces, body.readableBytes >= Self.countedBytes else { return nil }
        let count = countSpans(body.readableBytesUInt8Span)
        try reservation?.grow(to: body.readableBytes + count * MemoryLayout<SpanEntry>.stride + bytes)
        return count
    }

    private func validate(
        _ body: ByteBuffer, _ signal: Signal, _ spanCount: Int? = nil
    ) throws(DeliveryError) -> Validation {
        do {
            let bytes = body.readableBytesUInt8Span
            return switch signal {
            case .traces: try validateTraces(bytes, spanCount: spanCount)
            case .metrics: try validateMetrics(bytes)
            case .logs: try validateLogs(bytes)
            }
        } catch {
            throw .permanent("\(error)")
        }
    }

    private func canonical(_ body: ByteBuffer, _ signal: Signal) throws(DeliveryError) -> ByteBuffer {
        do {
            return ByteBuffer(bytes: try canonicalWire(from: body.readableBytesUInt8Span, kind: signal.requestKind))
        } catch {
            throw .permanent("\(error)")
        }
    }
}

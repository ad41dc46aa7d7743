import CollectorCore
import NIOCore
import OTLPMessages
import OTLPWire

/// One request of a capture, validated as a receiver would.
struct CapturedRequest {
    var batch: Batch
    /// Spans that a receiver would have refused for what they are.
    var refusedSpans: Int
    /// What its spans say about when it arrives.
    let ends: RequestEnds
    /// When it arrives: by its own spans alone, until it is known what stands beside it in its capture.
    var time: UInt64

    /// - Throws: why no receiver would take it.
    init(_ item: CaptureItem) throws(CaptureMistake) {
        var message = item.bytes
        do {
            if item.form == .json {
                message = ByteBuffer(
                    bytes: try wireBytes(
                        fromJSON: message.readableBytesUInt8Span, kind: .tracesRequest,
                        limit: CaptureFraming.largestRequest))
            }
            var validation = try validateTraces(message.readableBytesUInt8Span)
            if validation.needsCanonicalForm {
                message = ByteBuffer(
                    bytes: try canonicalWire(from: message.readableBytesUInt8Span, kind: .tracesRequest))
                validation = try validateTraces(message.readableBytesUInt8Span)
            }
            batch = Batch(
                signal: .traces, segments: [Segment(body: message, index: validation.index, reservation: nil)])
            refusedSpans = validation.refusedCount
            guard case .traces(let index) = validation.index, !index.spans.isEmpty else {
                if validation.refusedCount > 0 { throw CaptureMistake(message: validation.refusedReason) }
                ends = RequestEnds([])
                time = 0
                return
            }
            ends = RequestEnds(of: index.spans)
            time = ends.settled
        } catch let mistake as CaptureMistake {
            throw mistake
        } catch {
            throw CaptureMistake(message: "no OTLP traces request: \(error)")
        }
    }
}

/// Why a request of a capture cannot be used.
struct CaptureMistake: Error {
    var message: String
}

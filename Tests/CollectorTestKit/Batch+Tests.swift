package import CollectorCore
import NIOCore
package import OTLPWire

/// Bytes that were to become a batch of a test and are no request that receivers would take as it is.
package struct InvalidTestRequest: Error {
    package var reason: String

    package init(reason: String) { self.reason = reason }
}

extension Segment {
    /// Validates a request as receivers do. Refused items are an error here: tests build them only for receivers.
    package init(signal: Signal, _ request: [UInt8], reservation: ByteReservation? = nil) throws {
        let validation: Validation
        switch signal {
        case .traces: validation = try validateTraces(request.span)
        case .metrics: validation = try validateMetrics(request.span)
        case .logs: validation = try validateLogs(request.span)
        }
        if validation.needsCanonicalForm { throw InvalidTestRequest(reason: "the request needs canonical form") }
        if validation.refusedCount > 0 { throw InvalidTestRequest(reason: validation.refusedReason) }
        self.init(body: ByteBuffer(bytes: request), index: validation.index, reservation: reservation)
    }
}

extension Batch {
    /// A batch with one segment for each request.
    package init(signal: Signal, requests: [UInt8]...) throws {
        self.init(signal: signal, segments: try requests.map { try Segment(signal: signal, $0) })
    }

    /// One traces batch with one resource.
    package static func traces(
        resource: TestAttributes = ["service.name": "shop"], _ spans: TestSpan...
    ) throws -> Batch {
        try Batch(signal: .traces, requests: tracesRequest(resource: resource, spans))
    }

    /// One metrics batch with one resource.
    package static func metrics(
        resource: TestAttributes = ["service.name": "shop"], _ metrics: TestMetric...
    ) throws -> Batch {
        try Batch(signal: .metrics, requests: metricsRequest(resource: resource, metrics))
    }
}

/// A span as a backend would read it.
package struct ReadSpan: Sendable, Equatable {
    package var traceID: TraceID
    package var spanID: UInt64
    package var traceState: String
}

extension Batch {
    /// The spans as exporters would write them: edits applied, dropped spans gone.
    package func readSpans() throws -> [ReadSpan] {
        var spans: [ReadSpan] = []
        for segment in segments {
            guard case .traces(let index) = segment.index else { continue }
            let written = try Segment(signal: .traces, written(index, segment.body))
            guard case .traces(let rewritten) = written.index else { continue }
            let bytes = written.body.readableBytesUInt8Span
            for span in rewritten.spans {
                spans.append(
                    ReadSpan(traceID: span.traceID, spanID: span.spanID, traceState: text(bytes, span.traceState)))
            }
        }
        return spans
    }
}

private func written(_ index: TraceIndex, _ body: ByteBuffer) -> [UInt8] {
    let plan = TraceWriter(index)
    var buffer = ByteBuffer()
    buffer.writeWithOutputRawSpan(minimumWritableBytes: plan.size) { output in
        var writer = WireWriter(output)
        plan.write(body.readableBytesUInt8Span, to: &writer)
        output = writer.finish()
    }
    return Array(buffer.readableBytesView)
}

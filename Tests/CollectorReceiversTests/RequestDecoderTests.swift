import CollectorCore
import CollectorTestKit
import NIOCore
import OTLPMessages
import OTLPWire
import Testing

@testable import CollectorReceivers

@Suite struct RequestDecoderTests {
    private let decoder = RequestDecoder(maximumBytes: 1 << 20)
    private let gzipped = ByteBuffer(string: "as it came")

    private func decode(
        _ body: [UInt8], _ signal: Signal = .traces, _ encoding: RequestEncoding = .protobuf,
        reservation: ByteReservation? = nil
    ) throws(DeliveryError) -> DecodedRequest {
        try decoder.decode(
            ByteBuffer(bytes: body), signal: signal, encoding: encoding, gzipped: gzipped, reservation: reservation)
    }

    private func spanIDs(_ request: DecodedRequest) throws -> [UInt64] {
        Batch(signal: .traces, segments: [try #require(request.segment)]).itemNumbers
    }

    @Test func `a good request keeps its bytes, compressed ones too`() throws {
        let body = request(TestSpan(.test(1), spanID: 1), TestSpan(.test(2), spanID: 2))
        let decoded = try decode(body)
        #expect(try spanIDs(decoded) == [1, 2])
        #expect(decoded.refused == nil)
        #expect(decoded.segment?.body == ByteBuffer(bytes: body))
        #expect(decoded.segment?.gzipped == gzipped)
    }

    @Test(arguments: Signal.allCases)
    func `an empty request has no items and is no mistake`(_ signal: Signal) throws {
        let decoded = try decode([], signal)
        #expect(decoded.segment == nil && decoded.refused == nil)
        #expect(try decode(Array("{}".utf8), signal, .json).segment == nil)
    }

    @Test func `JSON becomes the same spans as protobuf`() throws {
        let body = request(TestSpan(.test(1), spanID: 7, name: "GET /cart", attributes: ["a": "b"]))
        let text = try json(fromWire: body.span, kind: .tracesRequest)
        let decoded = try decode(text, .traces, .json)
        #expect(try spanIDs(decoded) == [7])
        #expect(decoded.segment?.gzipped == nil)
        let segment = try #require(decoded.segment)
        let again = try json(fromWire: segment.body.readableBytesUInt8Span, kind: .tracesRequest)
        #expect(again == text)
    }

    @Test(arguments: [RequestEncoding.protobuf, .json])
    func `what cannot be read is the request's own mistake`(_ encoding: RequestEncoding) {
        let error = #expect(throws: DeliveryError.self) { try decode([0x0A, 0x7F, 0x00], .traces, encoding) }
        #expect(error?.isRetryable == false && error?.code == .invalidArgument)
        #expect(error?.message.isEmpty == false)
    }

    @Test func `a span with an invalid id is refused alone (conformance 65)`() throws {
        let body = request(
            TestSpan(.test(1), spanID: 1), zeroTraceSpan, TestSpan(.test(3), spanID: 0), TestSpan(.test(4), spanID: 4))
        let decoded = try decode(body)
        #expect(decoded.refused?.count == 2)
        #expect(try spanIDs(decoded) == [1, 4])
        // The compressed bytes still have the refused spans.
        #expect(decoded.segment?.gzipped == nil)
    }

    @Test func `a request with nothing but invalid spans is an error (conformance 35)`() {
        let error = #expect(throws: DeliveryError.self) { try decode(request(zeroTraceSpan, zeroTraceSpan)) }
        #expect(error?.isRetryable == false && error?.code == .invalidArgument)
        #expect(error?.message.contains("trace_id") == true, "\(String(describing: error))")
    }

    @Test func `an invalid point is refused alone and its bytes go (conformance 66, 67)`() throws {
        let bad = TestHistogramPoint(attributes: ["n": 2], bounds: [2, 1], counts: [1, 1, 1])
        let body = metricsRequest([
            TestMetric("h", .histogram([.init(attributes: ["n": 1], bounds: [1], counts: [1, 2]), bad])),
            TestMetric("g", .gauge([.init(value: 1)])),
        ])
        let decoded = try decode(body, .metrics)
        #expect(decoded.refused?.count == 1)
        let segment = try #require(decoded.segment)
        #expect(segment.itemCount == 2 && segment.gzipped == nil)
        let fresh = try validateMetrics(segment.body.readableBytesUInt8Span)
        #expect(fresh.refusedCount == 0 && fresh.index.itemCount == 2)
    }

    @Test func `a request with nothing but invalid points is an error`() {
        let body = metricsRequest([TestMetric("h", .histogram([.init(bounds: [2, 1], counts: [1, 1, 1])]))])
        let error = #expect(throws: DeliveryError.self) { try decode(body, .metrics) }
        #expect(error?.code == .invalidArgument)
    }

    @Test func `a resource that follows its spans is put before them (conformance 62)`() throws {
        let span = TestSpan(.test(1), spanID: 5).encoded
        let body = ProtobufMessage { request in
            request.message(1) { group in
                group.message(2) { $0.bytes(2, span) }
                group.message(1) { $0.attributes(1, ["service.name": "late"]) }
            }
        }.bytes
        let decoded = try decode(body)
        #expect(try spanIDs(decoded) == [5])
        #expect(decoded.segment?.body != ByteBuffer(bytes: body))
        #expect(decoded.segment?.gzipped == nil)
        let segment = try #require(decoded.segment)
        let fresh = try validateTraces(segment.body.readableBytesUInt8Span)
        #expect(!fresh.needsCanonicalForm)
    }

    @Test func `bytes and index are charged, and a budget without room refuses for now`() throws {
        let body = request(TestSpan(.test(1), spanID: 1))
        let budget = ByteBudget(limit: 1 << 16) { 0 }
        let reservation = try budget.reserve(10)
        _ = try decode(body, reservation: reservation)
        #expect(reservation.bytes > body.count + gzipped.readableBytes)
        let small = ByteBudget(limit: body.count) { 0 }
        let error = #expect(throws: DeliveryError.self) { try decode(body, reservation: try small.reserve(10)) }
        #expect(error?.isRetryable == true && error?.code == .resourceExhausted)
    }
}

import CollectorCore
import NIOCore
import Testing

@testable import otlpload

@Suite("Sink")
struct SinkTests {
    @Test("Counts the items of standard bodies")
    func counts() {
        let spans = StandardTraces.body(spans: 100, seed: 1, wallTime: 1)
        #expect(EnvelopeCount.items(spans.bytes.readableBytesUInt8Span, .traces) == 100)
        let points = StandardMetrics.body(points: 70, seed: 1, wallTime: 1)
        #expect(EnvelopeCount.items(points.bytes.readableBytesUInt8Span, .metrics) == 70)
    }

    @Test("Counts nothing in an empty request, and the items of all groups of concatenated ones")
    func groups() {
        #expect(EnvelopeCount.items(ByteBuffer().readableBytesUInt8Span, .traces) == 0)
        var body = StandardTraces.body(spans: 10, seed: 1, wallTime: 1).bytes
        body.writeImmutableBuffer(StandardTraces.body(spans: 7, seed: 2, wallTime: 1).bytes)
        #expect(EnvelopeCount.items(body.readableBytesUInt8Span, .traces) == 17)
    }

    @Test("Bytes that are cut off are no request", arguments: [1, 50, 4000])
    func truncated(missing: Int) {
        let body = StandardTraces.body(spans: 10, seed: 1, wallTime: 1).bytes
        let cut = body.getSlice(at: 0, length: body.readableBytes - missing) ?? body
        #expect(EnvelopeCount.items(cut.readableBytesUInt8Span, .traces) == nil)
    }

    @Test("Statistics survive the way through JSON")
    func json() {
        var statistics = SinkStatistics()
        statistics.requests = 3
        statistics.spans = 1 << 40
        statistics.logRecords = 7
        statistics.bodyBytes = 11
        #expect(SinkStatistics(json: statistics.json + "\n") == statistics)
        #expect(SinkStatistics(json: "{\"spans\": 3}") == nil)
        #expect(SinkStatistics(json: "<html>") == nil)
    }

    @Test("Refuses the first requests and takes the others")
    func refusals() {
        var settings = SinkAnswers.Settings()
        settings.failFirst = 2
        let answers = SinkAnswers(settings)
        #expect((0..<4).map { _ in answers.refusesNext() } == [true, true, false, false])
    }

    @Test(
        "A refusal by gRPC is retryable exactly where clients may retry",
        arguments: [(StatusCode.unavailable, nil, true), (.internal, 1, false), (.resourceExhausted, nil, false)]
            as [(StatusCode, Int?, Bool)])
    func grpcRefusal(code: StatusCode, retryAfter: Int?, isRetryable: Bool) {
        var settings = SinkAnswers.Settings()
        settings.grpcStatus = code
        settings.retryAfter = retryAfter
        let error = SinkAnswers(settings).grpcError
        #expect(error.isRetryable == isRetryable)
        #expect(error.code == code)
    }
}

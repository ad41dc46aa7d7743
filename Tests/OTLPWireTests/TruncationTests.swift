import OTLPWire
import Testing

/// Conformance 63: a message cut off anywhere.
@Suite struct TruncationTests {
    @Test("63: a request cut off at any byte is an error at or before the cut")
    func everyPrefix() throws {
        #expect(try traceIndex(fullTraces).index.spans.count == 2)
        for length in 1..<fullTraces.count {
            let error = traceError(Bytes(fullTraces[..<length]))
            #expect(error?.reason == .lengthOverrun || error?.reason == .truncated, "\(length) bytes")
            #expect((error?.offset ?? .max) <= length, "\(length) bytes")
        }
        #expect(traceError([]) == nil)
    }

    @Test("63: a span cut off at any byte is an error or has fewer fields, and nothing behind it is read")
    func everySpanPrefix() throws {
        let message = try #require(naiveSpans(fullTraces)?.first?.span)
        for length in 0..<message.count {
            let cut = Bytes(message[..<length])
            let request = traces(cut, span(3, field(5, "the next one")))
            let isMessage = naiveFields(cut) != nil
            guard let index = try? traceIndex(request).index else { continue }
            #expect(isMessage, "\(length) bytes")
            #expect(index.spans.last?.traceID.low == 0xa5a5_a5a5_a5a5_a503)
        }
    }
}

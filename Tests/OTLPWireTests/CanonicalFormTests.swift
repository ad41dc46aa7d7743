import OTLPMessages
import OTLPWire
import Testing

/// The rewriting at the door ends in something this module takes.
@Suite struct CanonicalFormTests {
    @Test(
        "62: what needs the canonical form is valid in it and needs it no more",
        arguments: [
            (MessageShape.traceRequest, MessageKind.tracesRequest), (.metricRequest, .metricsRequest),
            (.logRequest, .logsRequest),
        ])
    func canonicalForm(shape: MessageShape, kind: MessageKind) throws {
        var generator = MessageGenerator(seed: 41)
        var rewritten = 0
        for _ in 0..<1500 {
            let bytes = generator.message(shape, fields: 60)
            guard needsCanonicalForm(bytes, as: shape) == true else { continue }
            rewritten += 1
            let canonical = try canonicalWire(from: bytes.span, kind: kind)
            if needsCanonicalForm(canonical, as: shape) != false {
                Issue.record("\(hexadecimalText(bytes)) became \(hexadecimalText(canonical))")
            }
        }
        #expect(rewritten > 50)
    }
}

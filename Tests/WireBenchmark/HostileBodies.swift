import OTLPWire

/// Bodies made to cost memory: what validation has in use at most, as a multiple of the body.
func benchmarkHostileBodies(_ report: inout Report) {
    let size = 1 << 20
    func repeated(_ part: [UInt8], in envelope: ([UInt8]) -> [UInt8]) -> [UInt8] {
        envelope([[UInt8]](repeating: part, count: size / part.count).flatMap(\.self))
    }
    let flagged = field(1, [8 << 3, 1])
    let span = field(1, [UInt8](repeating: 1, count: 16)) + field(2, [UInt8](repeating: 1, count: 8))

    let traces: [(String, [UInt8], Double)] = [
        ("empty groups", repeated(field(1, []), in: { $0 }), 0.25),
        ("empty scopes", repeated(field(2, []), in: { field(1, $0) }), 0.25),
        ("empty spans", repeated(field(2, []), in: { field(1, field(2, $0)) }), 0.25),
        ("smallest spans", repeated(field(2, span), in: { field(1, field(2, $0)) }), 8),
        ("smallest spans, a group each", repeated(field(1, field(2, field(2, span))), in: { $0 }), 10),
    ]
    for (name, body, limit) in traces {
        report.addPeak(name, body.count, measure(rounds: 1) { keep(try? validateTraces(body.span)) }, limit)
    }

    let metrics: [(String, [UInt8], Double)] = [
        ("empty points", repeated(field(1, []), in: { field(1, field(2, field(2, field(5, $0)))) }), 0.25),
        (
            "every other point empty",
            repeated(field(1, []) + flagged, in: { field(1, field(2, field(2, field(5, $0)))) }), 8
        ),
        ("smallest metrics", repeated(field(2, field(5, flagged)), in: { field(1, field(2, $0)) }), 16),
        ("smallest metrics, a group each", repeated(field(1, field(2, field(2, field(5, flagged)))), in: { $0 }), 25),
    ]
    for (name, body, limit) in metrics {
        report.addPeak(name, body.count, measure(rounds: 1) { keep(try? validateMetrics(body.span)) }, limit)
    }
}

import OTLPWire

/// Runs all benchmarks; false when one exceeds its limit.
func runBenchmarks() -> Bool {
    var report = Report()
    for spans in [100, 1000] { benchmarkTraces(spans, &report) }
    benchmarkMetrics(1000, &report)
    benchmarkUTF8(&report)
    benchmarkHostileBodies(&report)
    return report.isGood
}

private func benchmarkTraces(_ spans: Int, _ report: inout Report) {
    let body = traceBody(spans: spans)
    guard let index = traceIndex(body), index.spans.count == spans else {
        return report.fail("the trace body is not what it should be")
    }
    report.add(
        "validate and index \(spans) spans", per: "span", spans,
        measure { keep(try? validateTraces(body.span)) }, Limit(nanoseconds: 300, allocations: 3))

    report.add(
        "filter \(spans) spans", per: "span", spans, measure { keep(half(of: index)) },
        Limit(nanoseconds: 40, allocations: 9))

    let kept = half(of: index)
    let write = measure {
        let plan = TraceWriter(kept)
        keep(writtenBytes(capacity: plan.size) { plan.write(body.span, to: &$0) })
    }
    report.add(
        "write half of \(spans) spans", per: "span", kept.spans.count, write, Limit(nanoseconds: 40, allocations: 3))

    // A name of another length in every tenth span.
    var edits: [Edit] = []
    var enclosing = [index.resources[0].payload, index.scopes[0].payload]
    for span in index.spans where span.spanID % 10 == 0 {
        guard let name = payload(of: 5, in: span.range, body.span) else { continue }
        edits.append(Edit(name, Array("GET".utf8)))
        enclosing += [span.range, name]
    }
    let splicing = measure { keep(splice(body.span, edits: edits, enclosing: enclosing)) }
    report.add(
        "splice \(edits.count) of \(spans) spans", per: "span", spans, splicing,
        Limit(nanoseconds: 150, allocations: 24))
}

private func benchmarkMetrics(_ points: Int, _ report: inout Report) {
    let body = metricBody(points: points)
    guard let validation = try? validateMetrics(body.span), validation.index.itemCount == points else {
        return report.fail("the metric body is not what it should be")
    }
    report.add(
        "validate and index \(points) points", per: "point", points,
        measure { keep(try? validateMetrics(body.span)) }, Limit(nanoseconds: 160, allocations: 3))
}

private func benchmarkUTF8(_ report: inout Report) {
    let texts = [
        ("ASCII", String(repeating: "GET /api/v1/carts/{id} ", count: 100)),
        ("Latin", String(repeating: "Übergrößenträger in der Straße ", count: 100)),
        ("Japanese", String(repeating: "注文の処理に失敗しました", count: 100)),
    ]
    for (name, text) in texts {
        let bytes = Array(text.utf8)
        report.add(
            "UTF-8, \(name)", per: "KiB", bytes.count / 1024,
            measure { keep(isValidUTF8(bytes.span, ByteRange(0, bytes.count))) },
            Limit(nanoseconds: 2000, allocations: 0))
    }
}

private func traceIndex(_ body: [UInt8]) -> TraceIndex? {
    guard let validation = try? validateTraces(body.span), case .traces(let index) = validation.index else {
        return nil
    }
    return index
}

private func half(of index: TraceIndex) -> TraceIndex {
    index.filtered { $0.spanID % 2 == 0 } ?? index
}

import OTLPWire
import Testing

/// Random and broken messages, the same in every run: nothing crashes, verdicts are those of the slow validator, and
/// what is written is what was read.
@Suite struct FuzzTests {
    private static let requests: [MessageShape] = [.traceRequest, .metricRequest, .logRequest]

    @Test("Valid messages of any form are accepted, and written with equal content", arguments: requests)
    func generated(shape: MessageShape) {
        var generator = MessageGenerator(seed: 11 + UInt64(shape.rawValue))
        var items = 0
        for _ in 0..<4000 {
            let bytes = generator.message(shape, fields: 60)
            guard let validation = check(bytes, shape, &generator.random) else {
                Issue.record("refused \(hexadecimalText(bytes))")
                continue
            }
            items += validation.index.itemCount
        }
        #expect(items > 2000)
    }

    @Test("Broken messages get the verdict of the slow validator", arguments: requests)
    func mutated(shape: MessageShape) {
        var generator = MessageGenerator(seed: 29 + UInt64(shape.rawValue))
        var random = SplitMix64(seed: 5)
        var accepted = 0
        var refused = 0
        for _ in 0..<1500 {
            let bytes = generator.message(shape, fields: 25)
            for _ in 0..<12 {
                let broken = mutate(bytes, &random)
                if check(broken, shape, &random) == nil { refused += 1 } else { accepted += 1 }
            }
        }
        #expect(accepted > 1000 && refused > 1000)
    }

    @Test("Everything that ever broke something, and its neighbours, is handled", arguments: requests)
    func corpus(shape: MessageShape) throws {
        var random = SplitMix64(seed: 17)
        for (_, bytes) in try wireCorpus() {
            check(bytes, shape, &random)
            for _ in 0..<200 { check(mutate(bytes, &random), shape, &random) }
        }
    }

    @discardableResult
    private func check(_ bytes: Bytes, _ shape: MessageShape, _ random: inout SplitMix64) -> Validation? {
        var validation: Validation?
        switch shape {
        case .metricRequest: validation = try? validateMetrics(bytes.span)
        case .logRequest: validation = try? validateLogs(bytes.span)
        default:
            let count = countSpans(bytes.span)
            validation = try? validateTraces(bytes.span, spanCount: count)
            if let validation, !validation.needsCanonicalForm {
                let spans = validation.index.itemCount
                #expect(validation.refusedCount == 0 ? count == spans : count >= spans, "\(hexadecimalText(bytes))")
            }
        }
        let isValid = isNaivelyValid(bytes, shape)
        if isValid != (validation != nil) {
            Issue.record("\(shape.name): the slow validator says \(isValid) of \(hexadecimalText(bytes))")
        }
        guard let validation, !validation.needsCanonicalForm else { return validation }
        switch validation.index {
        case .traces(let index): checkTraces(bytes, index, validation, &random)
        case .metrics(let index): checkMetrics(bytes, index, validation)
        case .logs: break
        }
        return validation
    }

    private func checkTraces(_ bytes: Bytes, _ index: TraceIndex, _ validation: Validation, _ random: inout SplitMix64)
    {
        let all = naiveSpans(bytes) ?? []
        let valid = all.filter { hasValidIDs($0.span) }
        var isGood = all.count - valid.count == validation.refusedCount && naiveSpans(written(index, bytes)) == valid
        if index.isWhole { isGood = isGood && all == valid }

        let choice = random.next()
        let kept = index.filtered { choice >> UInt64($0.range.lower % 64) & 1 == 1 } ?? index
        let places = Set(kept.spans.map(\.range.lower))
        let expected = zip(valid, index.spans).filter { places.contains($0.1.range.lower) }.map(\.0)
        isGood = isGood && naiveSpans(written(kept, bytes)) == expected

        for (entry, span) in zip(index.spans, valid) { isGood = isGood && describes(entry, span.span) }
        if !isGood { Issue.record("not what was read: \(hexadecimalText(bytes))") }
    }

    private func hasValidIDs(_ span: Bytes) -> Bool {
        let fields = naiveFields(span) ?? []
        let traceID = payload(1, fields)
        let spanID = payload(2, fields)
        return traceID.count == 16 && spanID.count == 8 && traceID.contains { $0 != 0 } && spanID.contains { $0 != 0 }
    }

    private func payload(_ number: UInt64, _ fields: [NaiveField]) -> Bytes {
        fields.last { $0.number == number }.map(\.payload) ?? []
    }

    /// Whether an entry says of a span what the slow reader reads.
    private func describes(_ entry: SpanEntry, _ span: Bytes) -> Bool {
        let fields = naiveFields(span) ?? []
        func last(_ number: UInt64) -> NaiveField? { fields.last { $0.number == number } }
        let status = naiveFields(last(15)?.payload ?? [])?.last { $0.number == 3 }?.scalar ?? 0
        return entry.traceID.description == hexadecimalText(last(1)?.payload ?? [])
            && hexadecimal(entry.spanID) == hexadecimalText(last(2)?.payload ?? [])
            && entry.startNanoseconds == last(7)?.scalar ?? 0 && entry.endNanoseconds == last(8)?.scalar ?? 0
            && entry.flags == UInt32(truncatingIfNeeded: last(16)?.scalar ?? 0)
            && entry.kind == min(255, UInt32(truncatingIfNeeded: last(6)?.scalar ?? 0))
            && entry.statusCode == min(255, UInt32(truncatingIfNeeded: status))
            && entry.hasParent == (last(4)?.payload ?? []).contains { $0 != 0 }
            && entry.traceState.count == last(3)?.payload.count ?? 0
    }

    private func checkMetrics(_ bytes: Bytes, _ index: MetricIndex, _ validation: Validation) {
        let points = index.metrics.reduce(0) { $0 + Int($1.pointCount) }
        var isGood = points == index.pointCount
        let rest = withoutRefusedPoints(bytes.span, index, validation.refusedPoints)
        if let again = try? validateMetrics(rest.span) {
            isGood = isGood && again.refusedCount == 0 && again.index.itemCount == points && !again.needsCanonicalForm
        } else {
            isGood = false
        }
        if !isGood { Issue.record("refused points are not cut out: \(hexadecimalText(bytes))") }
    }
}

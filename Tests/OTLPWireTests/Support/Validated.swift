import OTLPWire

/// The index of a request that must be valid.
func traceIndex(_ bytes: Bytes) throws -> (index: TraceIndex, validation: Validation) {
    let validation = try validateTraces(bytes.span)
    guard case .traces(let index) = validation.index else {
        throw IndexOfAnotherSignal()
    }
    return (index, validation)
}

func metricIndex(_ bytes: Bytes) throws -> (index: MetricIndex, validation: Validation) {
    let validation = try validateMetrics(bytes.span)
    guard case .metrics(let index) = validation.index else { throw IndexOfAnotherSignal() }
    return (index, validation)
}

struct IndexOfAnotherSignal: Error {}

/// What a writer makes of an index.
func written(_ index: TraceIndex, _ bytes: Bytes) -> Bytes {
    let plan = TraceWriter(index)
    return writtenBytes(capacity: plan.size) { plan.write(bytes.span, to: &$0) }
}

func slice(_ bytes: Bytes, _ range: ByteRange) -> Bytes { Bytes(bytes[range.range]) }

/// The error of a request that must not be valid.
func traceError(_ bytes: Bytes) -> WireError? {
    do throws(WireError) {
        _ = try validateTraces(bytes.span)
        return nil
    } catch {
        return error
    }
}

func string(_ bytes: Bytes, _ range: ByteRange) -> String { text(bytes.span, range) }

import OTLPWire

/// Validates `message` as one of `shape`, inside of whatever envelopes lead there; nil when it is valid.
func verdict(of message: Bytes, as shape: MessageShape) -> WireError? {
    do throws(WireError) {
        _ = try validation(of: message, as: shape)
        return nil
    } catch {
        return error
    }
}

/// Whether `message`, one of `shape`, must be rewritten first; nil when it is not valid.
func needsCanonicalForm(_ message: Bytes, as shape: MessageShape) -> Bool? {
    try? validation(of: message, as: shape).needsCanonicalForm
}

private func validation(of message: Bytes, as shape: MessageShape) throws(WireError) -> Validation {
    var bytes = message
    var shape = shape
    while let (parent, number) = parent(of: shape) {
        bytes = field(number, bytes)
        shape = parent
    }
    return switch shape {
    case .metricRequest: try validateMetrics(bytes.span)
    case .logRequest: try validateLogs(bytes.span)
    default: try validateTraces(bytes.span)
    }
}

/// A message that has a field of `shape`, the nearest to the request.
private func parent(of shape: MessageShape) -> (MessageShape, UInt32)? {
    switch shape {
    case .traceRequest, .metricRequest, .logRequest: nil
    case .resourceSpans: (.traceRequest, 1)
    case .scopeSpans: (.resourceSpans, 2)
    case .span: (.scopeSpans, 2)
    case .event: (.span, 11)
    case .link: (.span, 13)
    case .status: (.span, 15)
    case .keyValue: (.span, 9)
    case .anyValue: (.keyValue, 2)
    case .arrayValue: (.anyValue, 5)
    case .keyValueList: (.anyValue, 6)
    case .resource: (.resourceSpans, 1)
    case .entityRef: (.resource, 3)
    case .scope: (.scopeSpans, 1)
    case .resourceMetrics: (.metricRequest, 1)
    case .scopeMetrics: (.resourceMetrics, 2)
    case .metric: (.scopeMetrics, 2)
    case .gauge: (.metric, 5)
    case .sum: (.metric, 7)
    case .histogram: (.metric, 9)
    case .exponentialHistogram: (.metric, 10)
    case .summary: (.metric, 11)
    case .numberPoint: (.gauge, 1)
    case .histogramPoint: (.histogram, 1)
    case .exponentialPoint: (.exponentialHistogram, 1)
    case .buckets: (.exponentialPoint, 8)
    case .summaryPoint: (.summary, 1)
    case .quantile: (.summaryPoint, 6)
    case .exemplar: (.numberPoint, 5)
    case .resourceLogs: (.logRequest, 1)
    case .scopeLogs: (.resourceLogs, 2)
    case .logRecord: (.scopeLogs, 2)
    }
}

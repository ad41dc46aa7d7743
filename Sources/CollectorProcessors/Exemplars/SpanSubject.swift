/// Which spans a metric measures, by its name (OpenTelemetry semantic conventions).
enum SpanSubject: Equatable {
    case server, client, messaging, any

    init(metricName name: String) {
        if name.hasPrefix("messaging.") {
            self = .messaging
        } else if name.contains(".server.") {
            self = .server
        } else if name.contains(".client.") {
            self = .client
        } else {
            self = .any
        }
    }

    /// The subject that spans of a kind certainly belong to; nil for internal and unspecified ones.
    init?(kind: UInt8) {
        switch kind {
        case 2: self = .server
        case 3: self = .client
        case 4, 5: self = .messaging
        default: return nil
        }
    }

    /// - Parameter kind: the number of `Span.kind`.
    func includes(kind: UInt8) -> Bool {
        switch self {
        case .server: kind == 2
        case .client: kind == 3
        case .messaging: kind == 4 || kind == 5
        case .any: true
        }
    }
}

/// Nanoseconds of a metric's unit, in the spelling of UCUM; nil where it is no time.
func nanoseconds(ofUnit unit: String) -> Double? {
    switch unit {
    case "ns": 1
    case "us": 1e3
    case "ms": 1e6
    case "s": 1e9
    default: nil
    }
}

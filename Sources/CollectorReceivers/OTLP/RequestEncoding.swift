import CollectorCore
import OTLPMessages

/// How a request's body is written; the answer uses the same.
enum RequestEncoding: Sendable {
    case protobuf
    case json

    /// The encoding of a media type, which is in lower case and without parameters.
    init?(mediaType: String) {
        switch mediaType {
        case "application/x-protobuf": self = .protobuf
        case "application/json": self = .json
        default: return nil
        }
    }

    var contentType: String {
        switch self {
        case .protobuf: "application/x-protobuf"
        case .json: "application/json"
        }
    }
}

extension Signal {
    /// The request message of the signal's Export service.
    var requestKind: MessageKind {
        switch self {
        case .traces: .tracesRequest
        case .metrics: .metricsRequest
        case .logs: .logsRequest
        }
    }

    var responseKind: MessageKind {
        switch self {
        case .traces: .tracesResponse
        case .metrics: .metricsResponse
        case .logs: .logsResponse
        }
    }
}

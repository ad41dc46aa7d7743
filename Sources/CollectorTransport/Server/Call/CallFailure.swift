package import CollectorCore

/// Why the transport itself refused a request, before any service saw its body.
package enum CallFailure: Error, Sendable {
    /// The body is over a limit, as sent or decompressed.
    case tooLarge(limit: Int, isDecompressed: Bool)
    /// The body is not what its coding says.
    case corrupt(String)
    /// The body's coding is not supported.
    case unsupportedCoding(String)
    /// The client took longer than allowed to send the request, or its deadline has passed.
    case timedOut(String)
    /// The byte budget has no room.
    case overBudget(DeliveryError)
    /// The request breaks its protocol.
    case malformed(String)
    /// Not exactly one message came where one is due.
    case wrongMessageCount
    /// The service gave the request up without an answer.
    case droppedByService
    /// The server shuts down.
    case shuttingDown

    /// The status line of the HTTP answer (conformance 36, 38, 41).
    package var httpStatus: Int {
        switch self {
        case .tooLarge: 413
        case .corrupt, .malformed, .wrongMessageCount: 400
        case .unsupportedCoding: 415
        case .timedOut: 408
        case .overBudget(let error): error.httpStatus
        case .droppedByService: 500
        case .shuttingDown: 503
        }
    }

    /// What HTTP clients are told.
    package var httpError: DeliveryError {
        switch self {
        case .tooLarge(let limit, let isDecompressed):
            let state = isDecompressed ? " after decompression" : ""
            return .permanent(
                "the request body is over the limit of \(limit) bytes\(state); send smaller batches",
                code: .resourceExhausted)
        case .corrupt(let reason):
            return .permanent("the request body cannot be decompressed: \(reason)")
        case .unsupportedCoding(let name):
            return .permanent(
                "the encoding '\(name)' is not supported; send identity or one of \(ContentCoding.supported)")
        case .timedOut(let reason):
            return .retryable(reason, code: .deadlineExceeded)
        case .overBudget(let error):
            return error
        case .malformed(let reason):
            return .permanent(reason)
        case .wrongMessageCount:
            return .permanent("a unary call takes exactly one message")
        case .droppedByService:
            return .permanent("the request was given up inside the collector", code: .internal)
        case .shuttingDown:
            return .retryable("the collector is shutting down")
        }
    }

    /// What gRPC clients are told: the same, with the codes that gRPC's own rules name (conformance 3, 4, 5, 21).
    package var grpcError: DeliveryError {
        var error = httpError
        switch self {
        case .corrupt, .malformed: error.code = .internal
        case .unsupportedCoding, .wrongMessageCount: error.code = .unimplemented
        case .tooLarge, .timedOut, .overBudget, .droppedByService, .shuttingDown: break
        }
        return error
    }
}

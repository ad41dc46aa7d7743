import CollectorCore

/// Requests that ended without an answer, as delivery errors.
enum HTTPFailure {
    static func deliveryError(_ error: any Error, endpoint: OTLPEndpoint, timeout: Duration) -> DeliveryError {
        switch error {
        case HTTPConnection.Failure.timeout:
            .retryable("\(endpoint): no answer within \(timeout)", code: .deadlineExceeded)
        case HTTPLoopClient.Refusal.noConnection:
            .retryable("\(endpoint): no connection within \(timeout)", code: .deadlineExceeded)
        case HTTPLoopClient.Refusal.shutDown:
            .retryable("\(endpoint): the client is shut down")
        case HTTPConnection.Failure.closedBeforeAnswer:
            .retryable("\(endpoint): connection closed before an answer")
        case HTTPConnection.Failure.closedWithinAnswer:
            .retryable("\(endpoint): connection closed within the answer")
        case HTTPConnection.Failure.answerTooLarge(let limit):
            .permanent("\(endpoint): the answer is larger than \(limit) bytes", code: .resourceExhausted)
        case HTTPConnection.Failure.badEncoding(let error):
            .permanent("\(endpoint): the answer's body cannot be inflated: \(error)", code: .internal)
        default:
            .retryable("\(endpoint): \(TransportFailure.describe(error))")
        }
    }
}

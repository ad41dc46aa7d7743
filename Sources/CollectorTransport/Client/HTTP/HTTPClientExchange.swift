import CollectorCore
import NIOCore

/// A request under way. On one event loop.
final class HTTPClientExchange {
    let request: OutgoingRequest
    let deadline: NIODeadline
    /// Whether it has been sent on a connection that turned out to be dead.
    var isSecondTry = false
    private let completion: @Sendable (Result<HTTPResponse, any Error>) -> Void

    /// - Parameter now: when the request's timeout starts to run.
    init(
        _ request: OutgoingRequest, now: NIODeadline,
        completion: @escaping @Sendable (Result<HTTPResponse, any Error>) -> Void
    ) {
        self.request = request
        self.completion = completion
        deadline = now + TimeAmount(request.timeout)
    }

    func complete(_ result: Result<HTTPResponse, any Error>) { completion(result) }
}

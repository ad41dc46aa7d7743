import CollectorCore
import NIOCore

/// A call under way. On one event loop.
final class GRPCClientCall {
    let request: GRPCRequest
    let deadline: NIODeadline
    /// Whether it has been on a connection that did not process it.
    var isSecondTry = false
    private let completion: @Sendable (Result<ByteBuffer, DeliveryError>) -> Void

    /// - Parameter now: when the call's timeout starts to run.
    init(
        _ request: GRPCRequest, now: NIODeadline,
        completion: @escaping @Sendable (Result<ByteBuffer, DeliveryError>) -> Void
    ) {
        self.request = request
        self.completion = completion
        deadline = now + TimeAmount(request.timeout)
    }

    func complete(_ result: Result<ByteBuffer, DeliveryError>) { completion(result) }
}

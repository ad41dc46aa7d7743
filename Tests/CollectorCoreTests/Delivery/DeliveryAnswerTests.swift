import CollectorCore
import Testing

@Suite struct DeliveryAnswerTests {
    /// An error and what each protocol is told of it.
    struct Row: Sendable, CustomTestStringConvertible {
        var error: DeliveryError
        var http: Int
        var grpc: StatusCode
        var retryAfter: Int64?

        var testDescription: String { "\(error.isRetryable ? "retryable" : "permanent") \(error.code.name)" }

        static func permanent(_ code: StatusCode, _ http: Int, _ grpc: StatusCode) -> Row {
            Row(error: .permanent("x", code: code), http: http, grpc: grpc)
        }

        static func retryable(
            _ code: StatusCode, after delay: Duration? = nil, _ http: Int, _ grpc: StatusCode,
            _ retryAfter: Int64? = nil
        ) -> Row {
            Row(error: .retryable("x", after: delay, code: code), http: http, grpc: grpc, retryAfter: retryAfter)
        }
    }

    @Test(arguments: [
        Row.permanent(.invalidArgument, 400, .invalidArgument),
        .permanent(.failedPrecondition, 400, .failedPrecondition),
        .permanent(.outOfRange, 400, .internal), .permanent(.unauthenticated, 401, .unauthenticated),
        .permanent(.permissionDenied, 403, .permissionDenied), .permanent(.notFound, 404, .notFound),
        .permanent(.resourceExhausted, 413, .resourceExhausted), .permanent(.internal, 500, .internal),
        .permanent(.unimplemented, 500, .unimplemented), .permanent(.unknown, 500, .unknown),
        .permanent(.unavailable, 500, .internal), .permanent(.deadlineExceeded, 500, .internal),
        .permanent(.cancelled, 500, .internal), .permanent(.aborted, 500, .internal),
        .permanent(.dataLoss, 500, .internal),
        .retryable(.unavailable, 503, .unavailable), .retryable(.unavailable, after: .seconds(2), 503, .unavailable, 2),
        .retryable(.resourceExhausted, 429, .unavailable),
        .retryable(.resourceExhausted, after: .milliseconds(1001), 429, .resourceExhausted, 2),
        .retryable(.deadlineExceeded, after: .milliseconds(1), 503, .deadlineExceeded, 1),
        .retryable(.internal, 503, .unavailable), .retryable(.unknown, after: .zero, 503, .unavailable),
        .retryable(.aborted, 503, .aborted), .retryable(.invalidArgument, 503, .unavailable),
    ])
    func `an error is told so that the client does what it says (conformance 12, 41, 42, 76, 77)`(_ row: Row) {
        #expect(row.error.httpStatus == row.http)
        #expect(row.error.grpcCode == row.grpc)
        #expect(row.error.retryAfterSeconds == row.retryAfter)
    }

    @Test(arguments: StatusCode.allCases)
    func `a client retries exactly what is retryable`(_ code: StatusCode) {
        let permanent = DeliveryError.permanent("x", code: code)
        #expect(![429, 502, 503, 504].contains(permanent.httpStatus))
        #expect(!permanent.grpcCode.isRetryableForClients)
        for delay in [nil, Duration.seconds(1)] {
            let retryable = DeliveryError.retryable("x", after: delay, code: code)
            #expect([429, 503].contains(retryable.httpStatus))
            // RESOURCE_EXHAUSTED is retried when a delay goes with it.
            let isTold =
                retryable.grpcCode.isRetryableForClients
                || retryable.grpcCode == .resourceExhausted && delay != nil
            #expect(isTold)
        }
    }
}

import CollectorCore
import NIOCore
import NIOHTTP1
import Testing

@testable import CollectorTransport

@Suite("what answers mean")
struct ClientOutcomeTests {
    /// 1994-11-06 08:49:37 UTC, the date of RFC 9110's examples.
    private static let moment: Int64 = 784_111_777

    @Test(
        "all three date formats of HTTP are read",
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", moment), ("Sunday, 06-Nov-94 08:49:37 GMT", moment),
            ("Sun Nov  6 08:49:37 1994", moment), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600), ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
            ("Tue, 19 Jan 2038 03:14:08 GMT", 2_147_483_648), ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
        ])
    func dates(text: String, seconds: Int64) {
        #expect(HTTPDate.parse(text, now: Self.moment) == seconds)
    }

    @Test("a two-digit year more than 50 years ahead lies in the past")
    func century() {
        let now: Int64 = 1_785_000_000  // 2026
        #expect(HTTPDate.parse("Friday, 01-Jan-76 00:00:00 GMT", now: now) == 3_345_062_400)
        #expect(HTTPDate.parse("Saturday, 01-Jan-77 00:00:00 GMT", now: now) == 220_924_800)
    }

    @Test(
        "what is not a date is none",
        arguments: [
            "", "soon", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nix 1994 08:49:37 GMT", "Sun, 06 Nov 199 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "Sun Nov  6 08:49:37 94",
        ])
    func noDates(text: String) {
        #expect(HTTPDate.parse(text, now: Self.moment) == nil)
    }

    @Test(
        "Retry-After is seconds or a date, and a past date means no wait (conformance 79)",
        arguments: [
            ("0", Duration.zero), ("7", .seconds(7)), (" 7 ", .seconds(7)), ("99999999999999999999", .seconds(86_400)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", .seconds(10)), ("Sun, 06 Nov 1994 08:49:27 GMT", .zero),
            ("-1", nil), ("1.5", nil), ("", nil), ("later", nil),
        ])
    func retryAfter(value: String, delay: Duration?) {
        #expect(RetryAfter.delay(value, now: Self.moment) == delay)
    }

    @Test("exactly 429, 502, 503 and 504 may be retried, 2xx is success, all else is permanent (conformance 78)")
    func httpStatuses() {
        for status in 200..<600 {
            let outcome = HTTPOutcome.classify(HTTPResponse(status: status), endpoint: "http://b", wallTime: 0)
            switch outcome {
            case .success: #expect(status < 300)
            case .failure(let error):
                #expect(error.isRetryable == [429, 502, 503, 504].contains(status), "\(status)")
                #expect(error.message == "http://b answered \(status)")
                #expect(status >= 300)
            }
        }
    }

    @Test("Retry-After counts on 429 and 503 only (conformance 79)", arguments: [429, 502, 503, 504, 400])
    func retryAfterByStatus(status: Int) {
        let response = HTTPResponse(status: status, headers: ["Retry-After": "3"])
        guard case .failure(let error) = HTTPOutcome.classify(response, endpoint: "http://b", wallTime: 0) else {
            Issue.record("a success")
            return
        }
        #expect(error.retryAfter == ([429, 503].contains(status) ? .seconds(3) : nil))
    }

    @Test("the message of a google.rpc.Status in a protobuf body is told on")
    func statusBody() {
        let body = ByteBuffer(bytes: [0x08, 0x03, 0x12, 0x07] + Array("bad url".utf8))
        let response = HTTPResponse(status: 400, headers: ["content-type": "application/x-protobuf"], body: body)
        guard case .failure(let error) = HTTPOutcome.classify(response, endpoint: "http://b", wallTime: 0) else {
            Issue.record("a success")
            return
        }
        #expect(error.kind == .permanent)
        #expect(error.code == .invalidArgument)
        #expect(error.message == "http://b answered 400: bad url")
        let html = HTTPResponse(status: 400, headers: ["content-type": "text/html"], body: body)
        guard case .failure(let plain) = HTTPOutcome.classify(html, endpoint: "http://b", wallTime: 0) else { return }
        #expect(plain.message == "http://b answered 400")
    }

    @Test("every gRPC code is retried or not as OTLP says (conformance 76, 77)", arguments: StatusCode.allCases)
    func grpcCodes(code: StatusCode) {
        let retryable: [StatusCode] = [.cancelled, .deadlineExceeded, .aborted, .outOfRange, .unavailable, .dataLoss]
        let error = GRPCOutcome.error(status: code.rawValue, message: "m", details: nil, endpoint: "b:4317")
        #expect(error.isRetryable == retryable.contains(code))
        #expect(error.message == "b:4317 answered \(code.name): m")
        let details = ReceivedStatus(code: code.rawValue, message: "d", retryDelay: .seconds(2))
        let delayed = GRPCOutcome.error(status: code.rawValue, message: "", details: details, endpoint: "b:4317")
        #expect(delayed.isRetryable == (retryable + [.resourceExhausted]).contains(code))
        #expect(delayed.retryAfter == (delayed.isRetryable ? .seconds(2) : nil))
        #expect(delayed.message == "b:4317 answered \(code.name): d")
    }

    @Test("a gRPC code without a name is UNKNOWN and permanent", arguments: [17, 99, -1])
    func strangeCodes(number: Int) {
        let error = GRPCOutcome.error(status: number, message: "", details: nil, endpoint: "b")
        #expect(error.code == .unknown)
        #expect(!error.isRetryable)
    }

    @Test("HTTP statuses without grpc-status map as gRPC says")
    func httpToGRPC() {
        let table: [Int: StatusCode] = [
            400: .internal, 401: .unauthenticated, 403: .permissionDenied, 404: .unimplemented, 429: .unavailable,
            502: .unavailable, 503: .unavailable, 504: .unavailable,
        ]
        for status in 100..<600 { #expect(GRPCOutcome.code(httpStatus: status) == table[status] ?? .unknown) }
    }

    /// `Status { code: 8, message: "full", details: [Any(RetryInfo { retry_delay: 1.5 s })] }`.
    private static let statusWithRetryInfo: [UInt8] =
        [0x08, 0x08, 0x12, 0x04] + Array("full".utf8)
        + [0x1A, 0x36, 0x0A, 0x28] + Array("type.googleapis.com/google.rpc.RetryInfo".utf8)
        + [0x12, 0x0A, 0x0A, 0x08, 0x08, 0x01, 0x10, 0x80, 0xCA, 0xB5, 0xEE, 0x01]

    @Test("RetryInfo is found among the details of a status")
    func retryInfo() {
        let status = ReceivedStatus(ByteBuffer(bytes: Self.statusWithRetryInfo))
        #expect(status == ReceivedStatus(code: 8, message: "full", retryDelay: .milliseconds(1500)))
    }

    @Test("no prefix of a status crashes or invents a delay")
    func truncatedStatus() {
        for length in 0..<Self.statusWithRetryInfo.count {
            let status = ReceivedStatus(ByteBuffer(bytes: Self.statusWithRetryInfo.prefix(length)))
            #expect(status?.retryDelay == nil)
        }
    }

    @Test(
        "partial success is told apart from full success and from a warning (conformance 82 to 84)",
        arguments: [
            ([], nil), ([0x0A, 0x00], nil), ([0x0A, 0x02, 0x08, 0x00], nil), ([0x0A, 0x02, 0x12, 0x00], nil),
            ([0x0A, 0x02, 0x08, 0x05], PartialSuccess(rejected: 5, message: "")),
            ([0x0A, 0x03, 0x12, 0x01, 0x77], PartialSuccess(rejected: 0, message: "w")),
            ([0x0A, 0x05, 0x08, 0x02, 0x12, 0x01, 0x77], PartialSuccess(rejected: 2, message: "w")),
            ([0x12, 0x01, 0x00, 0x0A, 0x02, 0x08, 0x05], PartialSuccess(rejected: 5, message: "")),
            ([0x0A, 0x05, 0x08], nil), ([0xFF], nil),
            ([0x0A, 0x0B, 0x08] + Array(repeating: 0xFF, count: 9) + [0x01], nil),
        ] as [([UInt8], PartialSuccess?)])
    func partialSuccess(bytes: [UInt8], expected: PartialSuccess?) {
        #expect(PartialSuccess.parse(ByteBuffer(bytes: bytes)) == expected)
    }
}

import CollectorCore
import CollectorTransport
import NIOCore
import Testing

@Suite struct GRPCHeaderTests {
    @Test(arguments: [
        ("1H", Duration.seconds(3600)), ("2M", .seconds(120)), ("10S", .seconds(10)),
        ("99999999m", .milliseconds(99_999_999)),
        ("5u", .microseconds(5)), ("0n", .zero),
    ]) func `a grpc-timeout is read in each unit`(text: String, expected: Duration) {
        #expect(GRPCTimeout.parse(text) == expected)
    }

    @Test(arguments: ["", "S", "5", "-1S", "1.5S", "123456789S", "5s", " 5S", "5S ", "٣S"])
    func `a malformed grpc-timeout is nil`(text: String) {
        #expect(GRPCTimeout.parse(text) == nil)
    }

    @Test(arguments: [
        (Duration.seconds(5), "5000000u"), (.seconds(10000), "10000000m"), (.zero, "0u"), (.nanoseconds(1), "1u"),
        (.seconds(200_000), "200000S"), (.seconds(-1), "0n"), (.seconds(Int64.max), "99999999H"),
    ]) func `a time limit is written in at most eight digits`(timeout: Duration, expected: String) {
        #expect(GRPCTimeout.format(timeout) == expected)
    }

    @Test func `a status message survives any text`() {
        for text in ["", "plain", "100 % sure", "line\nbreak", "größer 🪡", "%41"] {
            let encoded = GRPCStatusMessage.encode(text)
            #expect(encoded.utf8.allSatisfy { (0x20...0x7E).contains($0) })
            #expect(GRPCStatusMessage.decode(encoded) == text)
        }
        #expect(GRPCStatusMessage.encode("a%ü") == "a%25%C3%BC")
        #expect(GRPCStatusMessage.decode("50%, %zz, %4") == "50%, %zz, %4")
    }

    // RFC 4648, section 10, without padding.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("foobar", "Zm9vYmFy"),
    ])
    func `base64 is written unpadded and read both ways`(text: String, encoded: String) {
        #expect(Base64.encode(ByteBuffer(string: text)) == encoded)
        #expect(Base64.decode(encoded).map { String(buffer: $0) } == text)
        let padding = String(repeating: "=", count: (4 - encoded.count % 4) % 4)
        #expect(Base64.decode(encoded + padding).map { String(buffer: $0) } == text)
    }

    @Test func `what is not base64 is nil`() {
        #expect(Base64.decode("Z") == nil)
        #expect(Base64.decode("Zm9*") == nil)
    }

    @Test func `a status with RetryInfo has protobuf's bytes`() {
        // Python: status_pb2.Status(code=8, message="full"), details packed from RetryInfo(retry_delay=1.5 s).
        let status = RPCStatus(code: .resourceExhausted, message: "full", retryAfter: .milliseconds(1500))
        let type = "type.googleapis.com/google.rpc.RetryInfo"
        var expected: [UInt8] = [8, 8, 0x12, 4] + Array("full".utf8)
        expected += [0x1A, 54, 0x0A, 40] + Array(type.utf8)
        expected += [0x12, 10, 0x0A, 8, 8, 1, 0x10, 0x80, 0xCA, 0xB5, 0xEE, 1]
        #expect(Array(status.encoded().readableBytesView) == expected)
    }
}

import NIOCore

/// What a client needs of a `google.rpc.Status`: the body of OTLP/HTTP errors, and `grpc-status-details-bin`.
struct ReceivedStatus: Equatable {
    var code: Int
    var message: String
    /// `RetryInfo.retry_delay` among the details; nil without one.
    var retryDelay: Duration?

    init(code: Int, message: String, retryDelay: Duration? = nil) {
        self.code = code
        self.message = message
        self.retryDelay = retryDelay
    }

    /// Reads a serialised `google.rpc.Status { int32 code = 1; string message = 2; repeated Any details = 3; }`; nil
    /// when the bytes are something else.
    init?(_ bytes: ByteBuffer) {
        self.init(code: 0, message: "")
        var fields = ProtobufFields(bytes)
        do throws(ProtobufFields.Malformed) {
            while let (number, value) = try fields.next() {
                switch (number, value) {
                case (1, .varint(let code)): self.code = Int(Int32(truncatingIfNeeded: code))
                case (2, .bytes(let text)): message = text.text
                case (3, .bytes(let any)): retryDelay = try Self.retryDelay(any) ?? retryDelay
                case (1...3, _): return nil
                default: break
                }
            }
        } catch {
            return nil
        }
    }

    /// The delay of an `Any { string type_url = 1; bytes value = 2; }` that holds a `RetryInfo`.
    private static func retryDelay(_ any: ByteBuffer) throws(ProtobufFields.Malformed) -> Duration? {
        var fields = ProtobufFields(any)
        var isRetryInfo = false
        var message = ByteBuffer()
        while let (number, value) = try fields.next() {
            switch (number, value) {
            case (1, .bytes(let url)): isRetryInfo = url.text.hasSuffix("/google.rpc.RetryInfo")
            case (2, .bytes(let bytes)): message = bytes
            default: break
            }
        }
        guard isRetryInfo else { return nil }
        // RetryInfo { Duration retry_delay = 1; }. Present but without a delay it still says that retrying is right.
        var delay = Duration.zero
        var retryInfo = ProtobufFields(message)
        while let (number, value) = try retryInfo.next() {
            if case (1, .bytes(let duration)) = (number, value) { delay = try Self.duration(duration) }
        }
        return delay
    }

    /// `Duration { int64 seconds = 1; int32 nanos = 2; }`, at least zero and at most a day.
    private static func duration(_ message: ByteBuffer) throws(ProtobufFields.Malformed) -> Duration {
        var fields = ProtobufFields(message)
        var seconds: Int64 = 0
        var nanoseconds: Int64 = 0
        while let (number, value) = try fields.next() {
            switch (number, value) {
            case (1, .varint(let bits)): seconds = Int64(bitPattern: bits)
            case (2, .varint(let bits)): nanoseconds = Int64(Int32(truncatingIfNeeded: bits))
            default: break
            }
        }
        let duration = Duration.seconds(min(max(seconds, 0), 86_400)) + .nanoseconds(max(0, nanoseconds))
        return min(duration, .seconds(86_400))
    }
}

import CollectorCore
import CollectorTestKit
import CollectorTransport
import NIOCore
import NIOPosix
import OTLPWire
import Synchronization

@testable import CollectorExporters

/// A transport that keeps what it is to send and answers as the test says.
final class ScriptedTransport: ExportTransport {
    typealias Answer = Result<PartialSuccess?, DeliveryError>

    private struct State {
        var requests: [ExportRequest] = []
        var open: [@Sendable (Answer) -> Void] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    /// What to answer at once; nil to let the request wait for `answer`.
    private let reply: @Sendable (ExportRequest) -> Answer?

    init(_ reply: @escaping @Sendable (ExportRequest) -> Answer? = { _ in .success(nil) }) { self.reply = reply }

    var requests: [ExportRequest] { state.withLock { $0.requests } }
    var openCount: Int { state.withLock { $0.open.count } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Answers the request that has waited longest.
    func answer(_ answer: Answer = .success(nil)) {
        state.withLock { $0.open.isEmpty ? nil : $0.open.removeFirst() }?(answer)
    }

    func send(_ request: ExportRequest, done: @escaping @Sendable (Answer) -> Void) {
        state.withLock { $0.requests.append(request) }
        if let answer = reply(request) { return done(answer) }
        state.withLock { $0.open.append(done) }
    }

    func close() -> EventLoopFuture<Void> {
        state.withLock { $0.isClosed = true }
        return MultiThreadedEventLoopGroup.singleton.next().makeSucceededVoidFuture()
    }
}

extension ExportRequest {
    /// The message, decompressed.
    var message: [UInt8] {
        get throws {
            var whole = ByteBuffer()
            for piece in body { whole.writeImmutableBuffer(piece) }
            if isCompressed { whole = try Inflater.inflate(whole, format: .gzip, limit: 64 << 20) }
            return Array(whole.readableBytesView)
        }
    }

    /// The span ids in the message, as a backend reads them; none when it is no valid message.
    var spanIDs: [UInt64] {
        (try? Batch(signal: .traces, requests: message))?.itemNumbers ?? []
    }
}

/// A queued exporter with a scripted transport and books.
struct QueuedExporterFixture {
    let test = TestContext()
    let transport: ScriptedTransport
    let exporter: QueuedExporter
    let pipeline: AccountedPipeline

    init(
        _ transport: ScriptedTransport, _ change: (inout QueuedExporter.Settings) -> Void = { _ in }
    ) {
        var settings = QueuedExporter.Settings()
        settings.compression = .none
        settings.retry.randomizationFactor = 0
        change(&settings)
        self.transport = transport
        exporter = QueuedExporter(settings, signal: .traces, test.context(ComponentID(type: "otlp_http")), transport)
        pipeline = AccountedPipeline(test.account, head: exporter)
    }

    /// Sends one request with spans of these ids.
    @discardableResult
    func send(_ ids: ClosedRange<UInt64>) throws -> Acceptance {
        try pipeline.send(try .numbered(ids))
    }

    var books: Account.Statement { test.account.statement() }
    var sentIDs: [[UInt64]] { transport.requests.map(\.spanIDs) }
    var dropped: [String: Int] {
        books.dropped.filter { $0.count > 0 }.reduce(into: [:]) { $0[$1.reason] = $1.count }
    }
}

extension Batch {
    /// One request with spans of these ids, each of a trace of its own.
    static func numbered(_ ids: ClosedRange<UInt64>) throws -> Batch {
        try Batch(signal: .traces, requests: tracesRequest(ids.map { TestSpan(.test($0), spanID: $0) }))
    }

    /// Several requests joined by `batch`.
    static func merged(_ requests: ClosedRange<UInt64>...) throws -> Batch {
        Batch(signal: .traces, segments: try requests.flatMap { try numbered($0).segments })
    }
}

import CollectorCore
import CollectorTestKit
import NIOCore
import Synchronization

@testable import CollectorReceivers

/// Worker threads of a test: work waits until it is let run.
final class HeldWorkers: WorkerPool {
    private let state = Mutex<[@Sendable () -> Void]>([])

    var waitingCount: Int { state.withLock { $0.count } }

    func run(_ work: @escaping @Sendable () -> Void) { state.withLock { $0.append(work) } }

    func runAll() {
        for work in state.withLock({ state in
            defer { state = [] }
            return state
        }) { work() }
    }
}

/// An export handler with a recording pipeline for each signal.
struct HandlerFixture {
    let test = TestContext()
    let sink = RecordingConsumer()
    let workers = HeldWorkers()
    let handler: ExportHandler

    init(signals: [Signal] = Signal.allCases, next: (any Consumer)? = nil) {
        let plain = test.context(ComponentID(type: "otlp"))
        let context = ComponentContext(
            id: plain.id, log: plain.log, clock: plain.clock, budget: plain.budget, telemetry: plain.telemetry,
            account: plain.account, verdicts: plain.verdicts, exemplars: plain.exemplars, shared: plain.shared,
            eventLoops: plain.eventLoops, workers: workers, build: plain.build, ledger: test.ledger)
        let consumer: any Consumer = next ?? sink
        handler = ExportHandler(
            context, maximumBytes: 1 << 20,
            next: Dictionary(uniqueKeysWithValues: signals.map { ($0, consumer) }))
    }

    /// The receiver's books of a signal.
    func books(_ signal: Signal = .traces) -> Account.Statement? {
        test.ledger.statements().first { $0.branch == "receiver otlp" && $0.signal == signal }
    }

    /// Exports and returns the outcome; nil while it is not known.
    func export(
        _ body: [UInt8], _ signal: Signal = .traces, _ encoding: RequestEncoding = .protobuf,
        transport: OTLPTransport = .http
    ) -> Outcome {
        let outcome = Outcome()
        handler.export(
            ByteBuffer(bytes: body), signal, encoding, transport, gzipped: nil, reservation: nil
        ) { outcome.set($0) }
        return outcome
    }
}

/// How an export ended, in words.
final class Outcome: Sendable {
    private let state = Mutex<[String]>([])

    /// Nil while it has not ended; outcomes joined by `, ` if there is more than the one there may be.
    var text: String? { state.withLock { $0.isEmpty ? nil : $0.joined(separator: ", ") } }

    func set(_ outcome: ExportOutcome) {
        let text =
            switch outcome {
            case .success(nil): "taken"
            case .success(let refused?): "\(refused.count) refused: \(refused.reason)"
            case .failure(let error): "\(error)"
            }
        state.withLock { $0.append(text) }
    }
}

/// A span whose trace id is all zeros: refused alone (conformance 65).
let zeroTraceSpan = TestSpan(.init(high: 0, low: 0), spanID: 9)

/// A span's bytes in a request with others.
func request(_ spans: TestSpan...) -> [UInt8] { tracesRequest(spans) }

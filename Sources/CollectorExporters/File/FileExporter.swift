import CollectorCore
import OTLPMessages
import OTLPWire
import Synchronization

/// Writes each batch as lines of OTLP/JSON, one request a line.
final class FileExporter: ConsumingComponent {
    private let output: LineFile
    private let context: ComponentContext
    private let books: ExporterBooks
    private let kind: MessageKind
    private let isOpen = Mutex(false)

    init(_ output: LineFile, signal: Signal, _ context: ComponentContext) {
        self.output = output
        self.context = context
        books = ExporterBooks(signal: signal, context)
        kind = signal.requestKind
        context.account.addHolder { [output] in output.writer.heldItems(of: signal) }
    }

    func start() async throws(ComponentError) {
        try output.open()
        isOpen.withLock { $0 = true }
    }

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        guard output.writer.reserve(batch.itemCount, batch.signal) else {
            books.enqueueFailed.add(batch.itemCount)
            throw .retryable("exporter \(context.id) cannot write as fast as data comes", after: .seconds(1))
        }
        return ClosureAdmission {
            self.output.writer.append(items: batch.itemCount, batch.signal) { self.write(batch) }
            return .done()
        } withdraw: {
            self.output.writer.release(batch.itemCount, batch.signal)
        }
    }

    private func write(_ batch: Batch) {
        do {
            for segment in batch.segments where segment.itemCount > 0 {
                let message = try segment.message()
                let line = try json(fromWire: message.readableBytesUInt8Span, kind: kind)
                try output.write(line)
            }
            books.delivered(batch, nil)
        } catch let error as DeliveryError {
            books.drop(batch, .permanent, error)
        } catch {
            books.drop(batch, .permanent, .permanent("\(error)", code: .internal))
        }
    }

    func shutdown(deadline: UInt64) async {
        await output.writer.finish()
        let wasOpen = isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        if wasOpen { output.close() }
    }
}

extension Signal {
    /// The request message of the signal.
    var requestKind: MessageKind {
        switch self {
        case .traces: .tracesRequest
        case .metrics: .metricsRequest
        case .logs: .logsRequest
        }
    }
}

package import CollectorCore
import NIOCore
import OTLPMessages
import OTLPWire

/// `debug`: tells on standard error what passes.
package struct DebugExporterFactory: ExporterFactory {
    package let type = "debug"
    package let signals = Set(Signal.allCases)
    package let summary = "Writes what passes to standard error."

    package init() {}

    package func readConfig(_ reader: ConfigReader) -> DebugExporterConfig { DebugExporterConfig(reader) }

    package func make(
        _ config: DebugExporterConfig, _ context: ComponentContext, signal: Signal
    ) throws(ComponentError) -> any ConsumingComponent {
        DebugExporter(config, signal: signal, context)
    }
}

/// The settings of `debug`.
package struct DebugExporterConfig: Sendable {
    enum Verbosity: String, CaseIterable, Sendable {
        case basic, normal, detailed
    }

    var verbosity: Verbosity

    init(_ reader: ConfigReader) {
        verbosity = reader.enumeration("verbosity", default: .basic)
        for key in ["sampling_initial", "sampling_thereafter", "use_internal_logger", "output_paths"] {
            reader.hint(key)
        }
        reader.finish()
    }
}

private final class DebugExporter: ConsumingComponent {
    private let config: DebugExporterConfig
    private let context: ComponentContext
    private let books: ExporterBooks
    private let writer: SerialWriter
    private let signal: Signal

    init(_ config: DebugExporterConfig, signal: Signal, _ context: ComponentContext) {
        self.config = config
        self.signal = signal
        self.context = context
        books = ExporterBooks(signal: signal, context)
        writer = SerialWriter(context.workers)
        context.account.addHolder { [writer] in writer.heldItems(of: signal) }
    }

    func start() async throws(ComponentError) {}

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        guard writer.reserve(batch.itemCount, signal) else {
            books.enqueueFailed.add(batch.itemCount)
            throw .retryable("exporter \(context.id) cannot write as fast as data comes", after: .seconds(1))
        }
        return ClosureAdmission { [self] in
            writer.append(items: batch.itemCount, signal) { self.show(batch) }
            return .done()
        } withdraw: { [self] in
            writer.release(batch.itemCount, signal)
        }
    }

    private func show(_ batch: Batch) {
        context.log.info("\(signal.rawValue): \(batch.itemCount) \(signal.itemName), \(batch.byteCount) bytes")
        if config.verbosity != .basic {
            for segment in batch.segments where segment.itemCount > 0 { show(segment) }
        }
        books.delivered(batch, nil)
    }

    private func show(_ segment: Segment) {
        do {
            let message = try segment.message()
            let kind = signal.requestKind
            let bytes = message.readableBytesUInt8Span
            let text =
                config.verbosity == .detailed
                ? try debugText(fromWire: bytes, kind: kind) : try json(fromWire: bytes, kind: kind)
            Log.writeToStandardError(String(decoding: text, as: UTF8.self) + "\n")
        } catch {
            context.log.error("cannot show a batch: \(error)")
        }
    }

    func shutdown(deadline: UInt64) async {
        await writer.finish()
    }
}

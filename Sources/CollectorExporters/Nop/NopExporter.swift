package import CollectorCore

/// `nop`: takes everything and does nothing with it; for pipelines whose processors are all that matters.
package struct NopExporterFactory: ExporterFactory {
    package let type = "nop"
    package let signals = Set(Signal.allCases)
    package let summary = "Takes everything, sends nothing."

    package init() {}

    package func readConfig(_ reader: ConfigReader) { reader.finish() }

    package func make(
        _ config: Void, _ context: ComponentContext, signal: Signal
    ) throws(ComponentError) -> any ConsumingComponent {
        NopExporter(context)
    }
}

private final class NopExporter: ConsumingComponent {
    private let account: Account

    init(_ context: ComponentContext) {
        account = context.account
    }

    func start() async throws(ComponentError) {}
    func shutdown(deadline: UInt64) async {}

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        ClosureAdmission {
            self.account.forwarded.add(batch.itemCount)
            return .done()
        }
    }
}

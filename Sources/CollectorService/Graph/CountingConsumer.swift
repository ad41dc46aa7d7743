import CollectorCore

/// Counts the items that are taken on their way into or out of a processor.
final class CountingConsumer: Consumer {
    private let counter: Counter
    private let next: any Consumer

    init(_ counter: Counter, _ next: any Consumer) {
        self.counter = counter
        self.next = next
    }

    func consume(_ batch: Batch) throws(DeliveryError) -> Acceptance {
        let acceptance = try next.consume(batch)
        counter.add(batch.itemCount)
        return acceptance
    }

    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission {
        let admission = try next.admit(batch)
        return ClosureAdmission {
            self.counter.add(batch.itemCount)
            return admission.commit()
        } withdraw: {
            admission.withdraw()
        }
    }
}

/// `otelcol_processor_incoming_items` and `otelcol_processor_outgoing_items` of one processor in one pipeline.
struct ProcessorItems {
    let incoming: Counter
    let outgoing: Counter

    init(_ id: ComponentID, _ signal: Signal, _ telemetry: Telemetry) {
        let labels: Telemetry.Labels = [("processor", "\(id)"), ("otel_signal", signal.rawValue)]
        incoming = telemetry.counter(
            "otelcol_processor_incoming_items", "Number of items passed to the processor.", labels)
        outgoing = telemetry.counter(
            "otelcol_processor_outgoing_items", "Number of items emitted from the processor.", labels)
    }
}

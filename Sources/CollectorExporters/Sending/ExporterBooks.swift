import CollectorCore
import CollectorTransport

/// The counters and the ledger entries of one exporter and signal.
final class ExporterBooks: Sendable {
    enum DropReason: String, CaseIterable, Sendable {
        case permanent = "refused by the backend"
        case partial = "refused by the backend in part"
        case retriesExhausted = "retries exhausted"
        case shutdown = "not delivered before shutdown"
    }

    let enqueueFailed: Counter
    private let sent: Counter
    private let failed: Counter
    private let dropped: [DropReason: Counter]
    private let signal: Signal
    private let context: ComponentContext

    init(signal: Signal, _ context: ComponentContext) {
        self.signal = signal
        self.context = context
        let labels: Telemetry.Labels = [("exporter", "\(context.id)")]
        func counter(_ verb: String, _ help: String) -> Counter {
            context.telemetry.counter("otelcol_exporter_\(verb)_\(signal.itemName)", help, labels)
        }
        sent = counter("sent", "Items delivered.")
        failed = counter("send_failed", "Items that could not be delivered.")
        enqueueFailed = counter("enqueue_failed", "Items that found the sending queue full.")
        var dropped: [DropReason: Counter] = [:]
        for reason in DropReason.allCases {
            dropped[reason] = context.account.dropped("\(context.id)", reason.rawValue)
        }
        self.dropped = dropped
    }

    func observeQueue(
        capacity: Int, _ read: @escaping @Sendable () -> (size: Int, inFlight: Int)
    ) {
        let labels: Telemetry.Labels = [("exporter", "\(context.id)"), ("data_type", signal.rawValue)]
        context.telemetry.gauge(
            "otelcol_exporter_queue_size", "What waits in the queue, in the unit of its sizer.", labels
        ) {
            Double(read().size)
        }
        context.telemetry.gauge(
            "otelcol_exporter_queue_capacity", "Room in the queue, in the unit of its sizer.", labels
        ) { Double(capacity) }
        context.telemetry.gauge("otelcol_exporter_in_flight_requests", "Requests being sent.", labels) {
            Double(read().inFlight)
        }
    }

    /// The backend took the batch, except for what `partial` says (conformance 82 to 84).
    func delivered(_ batch: Batch, _ partial: PartialSuccess?) {
        let rejected = Int(min(max(0, partial?.rejected ?? 0), Int64(batch.itemCount)))
        sent.add(batch.itemCount - rejected)
        context.account.forwarded.add(batch.itemCount - rejected)
        dropped[.partial]?.add(rejected)
        if rejected > 0 {
            failed.add(rejected)
            // The backend does not say which ones: nothing may refer to any of the batch's traces.
            context.verdicts.record(batch.traceIDs, .lost)
            context.log.warn("the backend refused \(rejected) of \(batch.itemCount) items: \(partial?.message ?? "")")
        } else if let message = partial?.message, !message.isEmpty {
            context.log.warn("the backend took the data with a warning: \(message)")
        }
    }

    func willRetry(_ error: DeliveryError, _ delay: Duration) {
        context.log.info("sending failed, next try in \(delay): \(error)")
    }

    /// The batch is given up: nothing may refer to its traces any more.
    func drop(_ batch: Batch, _ reason: DropReason, _ error: DeliveryError) {
        failed.add(batch.itemCount)
        dropped[reason]?.add(batch.itemCount)
        context.log.error("dropped \(batch.itemCount) \(signal.itemName), \(reason.rawValue): \(error)")
        context.verdicts.record(batch.traceIDs, .lost)
    }
}

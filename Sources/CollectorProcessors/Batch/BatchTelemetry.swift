import CollectorCore

/// The instruments of one `batch` processor, named as in the OpenTelemetry Collector.
struct BatchTelemetry: Sendable {
    private let size: Distribution
    private let bytes: Distribution
    private let bySize: Counter
    private let byTimeout: Counter
    private let oversize: Counter
    private let limit: Int?

    init(_ context: ComponentContext, _ config: BatchConfig) {
        let labels = [(name: "processor", value: "\(context.id)")]
        let telemetry = context.telemetry
        let prefix = "otelcol_processor_batch"
        size = telemetry.histogram(
            "\(prefix)_batch_send_size", "Items of the batches sent", bounds: Self.sizeBounds, labels)
        bytes = telemetry.histogram(
            "\(prefix)_batch_send_size_bytes", "Bytes of the requests that the batches sent were made of",
            bounds: Self.sizeBounds + Self.moreByteBounds, labels)
        bySize = telemetry.counter("\(prefix)_batch_size_trigger_send", "Batches sent because of their size", labels)
        byTimeout = telemetry.counter("\(prefix)_timeout_trigger_send", "Batches sent because of their age", labels)
        oversize = telemetry.counter(
            "\(prefix)_oversize_send",
            "Batches sent above send_batch_max_size: one request of metrics or logs stays whole", labels)
        telemetry.gauge("\(prefix)_metadata_cardinality", "Combinations of client metadata told apart", labels) { 1 }
        limit = config.sendBatchMaxSize
    }

    /// Notes a batch that downstream has taken or refused for now, once.
    func assembled(_ batch: Batch, _ trigger: BatchAssembly.Trigger) {
        switch trigger {
        case .size: bySize.add()
        case .timeout: byTimeout.add()
        case .retry: return
        }
        size.record(Double(batch.itemCount))
        bytes.record(Double(batch.byteCount))
        if let limit, batch.itemCount > limit { oversize.add() }
    }

    private static let sizeBounds: [Double] = [
        10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000, 20_000,
        30_000, 50_000, 100_000,
    ]
    private static let moreByteBounds: [Double] =
        (2...9).map { Double($0) * 100_000 } + (1...9).map { Double($0) * 1_000_000 }
}

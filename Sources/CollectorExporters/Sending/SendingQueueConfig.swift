import CollectorCore

/// `sending_queue`.
struct SendingQueueConfig: Sendable {
    enum Sizer: String, CaseIterable, Sendable {
        case requests, items, bytes
    }

    var isEnabled = true
    var consumers = 10
    var size = 1000
    var sizer = Sizer.requests
    /// Full: the client's answer waits instead of being a refusal.
    var blocksOnOverflow = false
    /// The client's answer waits for the delivery.
    var waitsForResult = false

    init() {}

    init(_ reader: ConfigReader) {
        isEnabled = reader.bool("enabled", default: isEnabled)
        consumers = reader.integer("num_consumers", default: consumers, in: 1...10_000)
        sizer = reader.enumeration("sizer", default: sizer)
        size = reader.integer("queue_size", default: size, in: 1...Int.max)
        reader.renamed("blocking", to: "block_on_overflow")
        blocksOnOverflow = reader.bool("block_on_overflow", default: blocksOnOverflow)
        waitsForResult = reader.bool("wait_for_result", default: waitsForResult)
        reader.unsupported("storage", because: "the queue is kept in memory; remove the key")
        reader.unsupported("batch", because: "use the `batch` processor in the pipeline instead")
    }

    func size(of batch: Batch) -> Int {
        switch sizer {
        case .requests: 1
        case .items: batch.itemCount
        case .bytes: batch.byteCount
        }
    }
}

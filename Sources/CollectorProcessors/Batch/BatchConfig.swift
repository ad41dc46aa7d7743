package import CollectorCore

/// The `batch` section.
package struct BatchConfig: Sendable {
    /// Items that trigger sending; 0 sends at once.
    package var sendBatchSize: Int
    /// The longest time an item waits; 0 sends at once.
    package var timeout: Duration
    /// The most items of one batch; nil for no limit.
    package var sendBatchMaxSize: Int?

    /// `send_batch_size` when it is not given, and what bounds are computed from when it is 0.
    static let defaultSize = 8192

    package init(_ reader: ConfigReader) {
        sendBatchSize = reader.integer("send_batch_size", default: Self.defaultSize, in: 0...Int(UInt32.max))
        timeout = reader.duration("timeout", default: .milliseconds(200))
        let maximum = reader.integer("send_batch_max_size", default: 0, in: 0...Int(UInt32.max))
        sendBatchMaxSize = maximum > 0 ? maximum : nil
        if maximum > 0, maximum < sendBatchSize {
            reader.error("send_batch_max_size", "must not be smaller than send_batch_size (\(sendBatchSize)), or be 0")
        }
        if !reader.strings("metadata_keys").isEmpty {
            reader.error(
                "metadata_keys", "not supported: requests are not told apart by client metadata; remove the key")
        }
        reader.hint("metadata_cardinality_limit")
        reader.finish()
    }

    /// How many items may be held before new ones are refused, when downstream takes nothing.
    var heldLimit: Int { 10 * (sendBatchSize > 0 ? sendBatchSize : Self.defaultSize) }
}

// Keys of the OpenTelemetry Collector that mean less, or nothing, here.
extension ConfigReader {
    /// Accepts a key of the OpenTelemetry Collector that changes nothing here (`check_interval`, `read_buffer_size`), with
    /// a note when written.
    package func hint(_ key: String) {
        guard has(key) else { return }
        note(key, "accepted for compatibility and without effect here")
    }

    /// Refuses a key that the OpenTelemetry Collector knows and this collector cannot honour, saying why and what to do
    /// instead.
    package func unsupported(_ key: String, because reason: String) {
        guard let node = node(key), !node.isNull else { return }
        error(key, "not supported: \(reason)")
    }
}

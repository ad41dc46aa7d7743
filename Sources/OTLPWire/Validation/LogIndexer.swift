/// Counts log records.
struct LogIndexer: ItemIndexer {
    static let requestShape = MessageShape.logRequest
    static let resourceShape = MessageShape.resourceLogs
    static let scopeShape = MessageShape.scopeLogs

    var groups = Groups()
    var itemCount = 0

    mutating func item(_ validator: inout Validator, _ end: Int) throws(WireError) {
        try validator.message(.logRecord, end, itemDepth)
        itemCount += 1
    }
}

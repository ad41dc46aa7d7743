extension Validator {
    /// Validates a metric and fills its entry, except for what its points say.
    @_lifetime(self: copy self)
    mutating func metric(_ entry: inout MetricEntry, _ end: Int) throws(WireError) {
        var seen: UInt32 = 0
        while at < end {
            let tag = try tag(end, .metric)
            let before = at
            try value(tag, .metric, end, itemDepth, &seen)
            guard tag.wireType == 2 else { continue }
            if tag.field == 1 {
                entry.name = payload(ByteRange(before, at))
            } else if let number = UInt8(exactly: tag.field), let kind = MetricEntry.Kind(rawValue: number) {
                // Two members of the oneof: the last counts. Rewritten first, so that nothing of the other is left.
                if entry.kind != .none { needsCanonicalForm = true }
                entry.kind = kind
                entry.data = payload(ByteRange(before, at))
            }
        }
    }

    /// The payload of a validated field with its length in front.
    private func payload(_ field: ByteRange) -> ByteRange {
        var reader = WireReader(bytes, field)
        return reader.lengthDelimited() ?? .empty
    }
}

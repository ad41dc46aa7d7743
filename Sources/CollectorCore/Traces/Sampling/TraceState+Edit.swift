import OTLPWire

extension TraceState {
    /// The tracestate with other sampling values, the `ot` member moved to the left, everything else kept in its order
    /// (conformance 208, 212).
    ///
    /// - Parameters:
    ///   - threshold: the `th` to write; nil writes none.
    ///   - randomness: the `rv` to write. Only for tracestates without one: an `rv` is never changed.
    ///   - bytes: those the tracestate was read from.
    /// - Returns: nil when the result would break a limit of the specifications (256 characters in `ot`, 32 members);
    ///   the tracestate must then be left as it is (conformance 211).
    package func replacing(
        threshold: SamplingThreshold?, randomness: UInt64? = nil, in bytes: Span<UInt8>
    ) -> [UInt8]? {
        var ot: [UInt8] = []
        if let randomness = self.randomness ?? randomness { append("rv:", fourteenDigits(randomness), to: &ot) }
        if let threshold { append("th:", threshold.hexadecimal, to: &ot) }
        appendOtherSubKeys(bytes, to: &ot)
        guard ot.count <= Self.maximumLength else { return nil }
        guard self.ot != nil || ot.isEmpty || memberCount < Self.maximumMembers else { return nil }

        var result: [UInt8] = []
        if !ot.isEmpty { result = Array("ot=".utf8) + ot }
        var members = TraceStateMembers(bytes, range)
        while let member = members.next() {
            if matches(bytes, member.key, "ot") { continue }
            if !result.isEmpty { result.append(UInt8(ascii: ",")) }
            append(bytes, member.range, to: &result)
        }
        return result
    }

    private func appendOtherSubKeys(_ bytes: Span<UInt8>, to ot: inout [UInt8]) {
        guard let value = self.ot else { return }
        var subKeys = SubKeys(bytes, value)
        while let subKey = subKeys.next() {
            if matches(bytes, subKey.key, "rv") || matches(bytes, subKey.key, "th") { continue }
            if !ot.isEmpty { ot.append(UInt8(ascii: ";")) }
            append(bytes, subKey.range, to: &ot)
        }
    }

    private func append(_ key: StaticString, _ digits: [UInt8], to ot: inout [UInt8]) {
        if !ot.isEmpty { ot.append(UInt8(ascii: ";")) }
        ot += Array("\(key)".utf8)
        ot += digits
    }

    private func append(_ bytes: Span<UInt8>, _ range: ByteRange, to result: inout [UInt8]) {
        for position in range.range { result.append(bytes[position]) }
    }
}

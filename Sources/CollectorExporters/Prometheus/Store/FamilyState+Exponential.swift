import OTLPWire

extension FamilyState {
    /// Takes a point of an exponential histogram, which is kept beside the explicit ones of its family.
    mutating func takeExponential(_ range: ByteRange, _ bytes: Span<UInt8>, _ context: IngestContext) -> DropReason? {
        let point = ExponentialHistogramPoint(bytes, point: range)
        let field = ExponentialHistogramPoint.attributesField
        let time = StreamTime(start: point.startNanoseconds, time: point.timeNanoseconds)
        let (series, key) = context.binding.identity(bytes, name: context.name, point: range, field: field)
        if point.hasNoRecordedValue { return end(key, time, context) }
        guard let value = HistogramValue(point, bytes, edges: sharedEdges([])) else { return .invalidPoint }
        let position: Int
        if let known = positions[key] {
            switch effect(of: time, on: known, context) {
            case .reject(let reason): return reason
            case .replace:
                countReset(known, time, context)
                histograms[known] = value
                renew(known, time, context)
            case .add where histograms[known].addNative(value): extend(known, time, context)
            case .add:
                context.tools.resets.overflow.add()
                histograms[known] = value
                renew(known, time, context)
            }
            position = known
        } else {
            guard let new = begin(series, key, time, range, field, bytes, context, size: value.size) else {
                return .memory
            }
            position = new
            setHistogram(value, at: position)
        }
        if !histograms[position].isShownNatively { context.tools.conflicts.native.add() }
        if point.hasExemplars {
            takeExemplars(range, ExponentialHistogramPoint.exemplarsField, position, time, bytes, context)
        }
        return nil
    }
}

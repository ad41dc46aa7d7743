import OTLPWire

extension FamilyState {
    /// Takes a point of an exponential histogram, which is kept beside the explicit ones of its family.
    mutating func takeExponential(_ range: ByteRange, _ bytes: Span<UInt8>, _ context: IngestContext) -> DropReason? {
        let point = ExponentialHistogramPoint(bytes, point: range)
        let field = ExponentialHistogramPoint.attributesField
        let time = context.time(start: point.startNanoseconds, point.timeNanoseconds)
        let (series, key) = context.binding.identity(bytes, name: context.name, point: range, field: field)
        if point.hasNoRecordedValue { return end(key, time, context) }
        guard let edges = sharedEdges([]) else { return .memory }
        guard var value = HistogramValue(point, bytes, edges: edges) else { return .invalidPoint }
        let position: Int
        if let known = knownStream(key) {
            switch effect(of: time, on: known, context) {
            case .reject(let reason): return reason
            case .replace:
                let old = histograms[known]
                guard setHistogram(value, charging: known) else { return .memory }
                let isAnew = isAnew(known, by: time, hasLess: value.count < old.count)
                keepCounted(isAnew ? .histogram(old) : nil, of: known, before: time, context)
                renew(known, time, context)
            case .add(let fit):
                // A sum of its own, since it may turn out too large for the memory.
                var sum = histograms[known]
                let hasRoom = sum.addNative(value)
                let hasSum = hasRoom ? sum.addSum(value.sum, of: value.count) : value.startSum()
                guard setHistogram(hasRoom ? sum : value, charging: known) else { return .memory }
                if !hasSum { lostSums.add() }
                if hasRoom {
                    extend(known, fit, time, context)
                } else {
                    context.tools.resets.overflow.add()
                    renew(known, time, context)
                }
            }
            position = known
        } else {
            if context.binding.temporality == .delta, !value.startSum() { lostSums.add() }
            guard let new = begin(series, key, time, range, field, bytes, context, size: value.size) else {
                return .memory
            }
            position = new
            setHistogram(value, at: position)
            countOtherBounds(position, context)
        }
        if !histograms[position].isShownNatively { context.tools.conflicts.native.add() }
        if point.hasExemplars {
            takeExemplars(range, ExponentialHistogramPoint.exemplarsField, position, time, bytes, context)
        }
        return nil
    }
}

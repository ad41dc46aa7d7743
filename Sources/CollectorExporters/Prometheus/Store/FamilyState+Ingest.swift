import OTLPWire

// How points change the streams of a family. Each function takes one point and says why it is not shown, nil when it
// is.

/// Why a point has no value that could be shown.
struct PointRefusal: Error {
    var reason: DropReason
}

extension FamilyState {
    mutating func takeNumber(_ range: ByteRange, _ bytes: Span<UInt8>, _ context: IngestContext) -> DropReason? {
        let point = NumberPoint(bytes, point: range)
        let field = NumberPoint.attributesField
        let time = context.time(start: point.startNanoseconds, point.timeNanoseconds)
        let (series, key) = context.binding.identity(bytes, name: context.name, point: range, field: field)
        if point.hasNoRecordedValue { return end(key, time, context) }
        guard let value = StoredNumber(point.value), kind != .counter || value.isValidCount else {
            return .invalidPoint
        }
        // Nothing could be added any more to what is no number.
        if context.binding.temporality == .delta, !value.asDouble.isFinite { return .invalidPoint }
        let position: Int
        if let known = knownStream(key) {
            switch effect(of: time, on: known, context) {
            case .reject(let reason): return reason
            case .replace:
                let hasLess = value.asDouble < numbers[known].asDouble
                if hasLess || time.start > headers[known].time.start {
                    let isAnew = isAnew(known, by: time, hasLess: hasLess)
                    keepCounted(isAnew ? .number(numbers[known]) : nil, of: known, before: time, context)
                }
                numbers[known] = value
                renew(known, time, context)
            case .add(let fit):
                let sum = numbers[known] + value
                // Two numbers can be too much for one.
                guard sum.asDouble.isFinite else { return .invalidPoint }
                numbers[known] = sum
                extend(known, fit, time, context)
            }
            position = known
        } else {
            guard let new = begin(series, key, time, range, field, bytes, context, size: 16) else { return .memory }
            position = new
            setNumber(value, at: position)
        }
        guard point.hasExemplars else { return nil }
        if kind == .counter {
            takeExemplars(range, NumberPoint.exemplarsField, position, time, bytes, context)
        } else {
            countExemplars(range, NumberPoint.exemplarsField, bytes, context)
        }
        return nil
    }

    mutating func takeHistogram(_ range: ByteRange, _ bytes: Span<UInt8>, _ context: IngestContext) -> DropReason? {
        let point = HistogramPoint(bytes, point: range)
        let field = HistogramPoint.attributesField
        let time = context.time(start: point.startNanoseconds, point.timeNanoseconds)
        let (series, key) = context.binding.identity(bytes, name: context.name, point: range, field: field)
        if point.hasNoRecordedValue { return end(key, time, context) }
        let position: Int
        if let known = knownStream(key) {
            if let reason = update(known, point, time, bytes, context) { return reason }
            position = known
        } else {
            switch histogram(point, bytes) {
            case .failure(let refusal): return refusal.reason
            case .success(var value):
                if context.binding.temporality == .delta, !value.startSum() { lostSums.add() }
                guard let new = begin(series, key, time, range, field, bytes, context, size: value.size) else {
                    return .memory
                }
                position = new
                setHistogram(value, at: position)
                countOtherBounds(position, context)
            }
        }
        if point.hasExemplars {
            takeExemplars(range, HistogramPoint.exemplarsField, position, time, bytes, context)
        }
        return nil
    }

    mutating func takeSummary(_ range: ByteRange, _ bytes: Span<UInt8>, _ context: IngestContext) -> DropReason? {
        let point = SummaryPoint(bytes, point: range)
        let field = SummaryPoint.attributesField
        let time = context.time(start: point.startNanoseconds, point.timeNanoseconds)
        let (series, key) = context.binding.identity(bytes, name: context.name, point: range, field: field)
        if point.hasNoRecordedValue { return end(key, time, context) }
        let known = knownStream(key)
        if let known, case .reject(let reason) = effect(of: time, on: known, context) { return reason }
        var quantiles = 0
        point.forEachQuantile(bytes) { _, _ in quantiles += 1 }
        guard quantiles <= Self.maximumBuckets else { return .tooManyBuckets }
        guard let value = SummaryValue(point, bytes, edges: { sharedEdges($0) }) else { return .memory }
        if let known {
            guard recharge(known, from: summaries[known].size, to: value.size) else { return .memory }
            keepCounted(nil, of: known, before: time, context)
            summaries[known] = value
            renew(known, time, context)
        } else {
            guard let new = begin(series, key, time, range, field, bytes, context, size: value.size) else {
                return .memory
            }
            setSummary(value, at: new)
        }
        context.tools.conflicts.quantile.add(quantiles - value.values.count)
        return nil
    }

    /// A point that continues a histogram stream, by the quick way when the bounds are the same.
    private mutating func update(
        _ position: Int, _ point: HistogramPoint, _ time: StreamTime, _ bytes: Span<UInt8>, _ context: IngestContext
    ) -> DropReason? {
        let fit: DeltaFit?
        switch effect(of: time, on: position, context) {
        case .reject(let reason): return reason
        case .replace: fit = nil
        case .add(let known): fit = known
        }
        let line = headers[position].series
        let isAnew =
            fit == nil && isSummed(line)
            && isAnew(position, by: time, hasLess: point.count < histograms[position].count)
        let counted = isAnew ? histograms[position] : nil
        if histograms[position].hasBounds(of: point, bytes) {
            guard histograms[position].update(point, bytes, adds: fit != nil) else { return .invalidPoint }
            if fit == nil {
                histograms[position].sum = point.sum
            } else if !histograms[position].addSum(point.sum, of: point.count) {
                lostSums.add()
            }
        } else if let reason = replace(position, point, adds: fit != nil, bytes, context) {
            return reason
        }
        if let fit {
            extend(position, fit, time, context)
            return nil
        }
        keepCounted(counted.map { .histogram($0) }, of: position, before: time, context)
        renew(position, time, context)
        return nil
    }

    /// A point with other bounds than its stream had. Deltas go on at the new bounds: what was counted before stands at
    /// the next bound there is, so that it is exact at all bounds that stay.
    private mutating func replace(
        _ position: Int, _ point: HistogramPoint, adds: Bool, _ bytes: Span<UInt8>, _ context: IngestContext
    ) -> DropReason? {
        var value: HistogramValue
        switch histogram(point, bytes) {
        case .failure(let refusal): return refusal.reason
        case .success(let read): value = read
        }
        let old = histograms[position]
        var hasLostSum = false
        if adds {
            var sum = old.moved(to: value.edges).summed(with: value)
            sum.sum = old.sum
            hasLostSum = !sum.addSum(value.sum, of: value.count)
            value = sum
        }
        guard setHistogram(value, charging: position) else { return .memory }
        if hasLostSum { lostSums.add() }
        guard !old.edges.isEqual(to: value.edges) else { return nil }
        if adds { context.tools.resets.bounds.add() }
        countOtherBounds(position, context)
        changeExemplars(of: position) { $0.rearrange { value.edges.bucket(of: $0) } }
        return nil
    }

    private mutating func histogram(
        _ point: HistogramPoint, _ bytes: Span<UInt8>
    ) -> Result<HistogramValue, PointRefusal> {
        guard point.explicitBounds.count <= Self.maximumBuckets else {
            return .failure(PointRefusal(reason: .tooManyBuckets))
        }
        let bounds = (0..<point.explicitBounds.count).map { point.bound($0, bytes) }
        let isEmpty = bounds.isEmpty && point.bucketCounts.count == 0
        guard isEmpty || point.bucketCounts.count == bounds.count + 1,
            bounds.allSatisfy({ !$0.isNaN }), zip(bounds, bounds.dropFirst()).allSatisfy({ $0 < $1 })
        else { return .failure(PointRefusal(reason: .invalidPoint)) }
        guard let edges = sharedEdges(bounds.last == .infinity ? bounds.dropLast() : bounds) else {
            return .failure(PointRefusal(reason: .memory))
        }
        guard let value = HistogramValue(point, bytes, edges: edges) else {
            return .failure(PointRefusal(reason: .invalidPoint))
        }
        return .success(value)
    }

    /// Counts a stream that has other bounds than those it is shown with.
    func countOtherBounds(_ position: Int, _ context: IngestContext) {
        let streams = series[headers[position].series].streams
        guard let other = streams.first == position ? streams.others.first : streams.first,
            !histograms[other].edges.isEqual(to: histograms[position].edges)
        else { return }
        context.tools.conflicts.bounds.add()
    }

    func effect(of time: StreamTime, on position: Int, _ context: IngestContext) -> PointEffect {
        let known = knownTime(position, for: time, context.clock)
        return context.binding.temporality == .delta
            ? known.deltaEffect(of: time, after: headers[position].gap) : known.cumulativeEffect(of: time)
    }

    /// The stream's value has been replaced.
    mutating func renew(_ position: Int, _ time: StreamTime, _ context: IngestContext) {
        headers[position].time = time
        headers[position].updated = context.now
        updated = context.now
    }

    /// The stream has been continued from where it began.
    mutating func extend(_ position: Int, _ fit: DeltaFit, _ time: StreamTime, _ context: IngestContext) {
        let known = knownTime(position, for: time, context.clock)
        // What the clock ran ahead by is no gap.
        if known != headers[position].time { headers[position].gap = DeltaGap() }
        switch fit {
        case .next: break
        case .afterGap:
            context.tools.gaps.seen.add()
            headers[position].gap = DeltaGap(start: known.time, end: time.start)
        case .late:
            context.tools.gaps.filled.add()
            headers[position].gap.fill(time)
        }
        renew(position, StreamTime(start: known.start, time: max(known.time, time.time)), context)
    }

    /// A new stream with its line; labels are rendered here, once.
    ///
    /// - Parameter size: of its value, in bytes.
    /// - Returns: nil when the memory for series is used up.
    mutating func begin(
        _ series: SeriesKey, _ key: StreamKey, _ time: StreamTime, _ point: ByteRange, _ field: UInt32,
        _ bytes: Span<UInt8>,
        _ context: IngestContext, size: Int
    ) -> Int? {
        let tools = context.tools
        let reserved: [UInt8]? =
            switch kind {
            case .histogram: Array("le" as StaticString)
            case .summary: Array("quantile" as StaticString)
            case .counter, .gauge, .unknown: nil
            }
        let (labels, repairs) = tools.labeler.series(
            context.binding.resource.labels, scope: context.binding.scopeLabels, point: point, field: field,
            reserved: reserved, bytes)
        let cost = MemoryCost.stream + size + labels.size
        guard tools.memory.take(cost) else { return nil }
        tools.conflicts.add(repairs)
        let (position, isShared) = insert(
            key: key, seriesKey: series, resource: context.binding.resource, time: time, now: context.now,
            labels: labels, charged: cost)
        if isShared { tools.conflicts.series.add() }
        updated = context.now
        if kind == .histogram || kind == .counter {
            tools.directory.add(series, SeriesDirectory.Place(family: context.binding.family, key: key))
        }
        return position
    }

    /// A point that says that its stream has ended.
    mutating func end(_ key: StreamKey, _ time: StreamTime, _ context: IngestContext) -> DropReason? {
        guard let position = positions[key] else { return nil }
        guard time.time >= knownTime(position, for: time, context.clock).time else { return .outOfOrder }
        let line = headers[position].series
        if isSummed(line) || series[line].streams.isShared {
            // It has not been updated ever: it is over from now on. Its line goes on showing what it counted; where
            // lines are no sums, it is removed together with others.
            headers[position].updated = 0
            return nil
        }
        context.tools.directory.remove(headers[position].seriesKey, key)
        remove([position])
        return nil
    }
}

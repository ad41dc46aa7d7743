import OTLPWire

// How points change the streams of a family. Each function takes one point and says why it is not shown, nil when it
// is.

extension FamilyState {
    mutating func takeNumber(_ range: ByteRange, _ bytes: Span<UInt8>, _ context: IngestContext) -> DropReason? {
        let point = NumberPoint(bytes, point: range)
        let field = NumberPoint.attributesField
        let time = StreamTime(start: point.startNanoseconds, time: point.timeNanoseconds)
        let (series, key) = context.binding.identity(bytes, name: context.name, point: range, field: field)
        if point.hasNoRecordedValue { return end(key, time, context) }
        guard let value = StoredNumber(point.value), kind != .counter || value.isValidCount else {
            return .invalidPoint
        }
        let position: Int
        if let known = positions[key] {
            switch effect(of: time, on: known, context) {
            case .reject(let reason): return reason
            case .replace:
                countReset(known, time, context)
                numbers[known] = value
                renew(known, time, context)
            case .add:
                numbers[known] = numbers[known] + value
                extend(known, time, context)
            }
            position = known
        } else {
            guard let new = begin(series, key, time, range, field, bytes, context, size: 16) else { return .memory }
            position = new
            setNumber(value, at: position)
        }
        if point.hasExemplars, kind == .counter {
            takeExemplars(range, NumberPoint.exemplarsField, position, time, bytes, context)
        }
        return nil
    }

    mutating func takeHistogram(_ range: ByteRange, _ bytes: Span<UInt8>, _ context: IngestContext) -> DropReason? {
        let point = HistogramPoint(bytes, point: range)
        let field = HistogramPoint.attributesField
        let time = StreamTime(start: point.startNanoseconds, time: point.timeNanoseconds)
        let (series, key) = context.binding.identity(bytes, name: context.name, point: range, field: field)
        if point.hasNoRecordedValue { return end(key, time, context) }
        let position: Int
        if let known = positions[key] {
            if let reason = update(known, point, time, bytes, context) { return reason }
            position = known
        } else {
            guard let value = histogram(point, bytes) else { return .invalidPoint }
            guard let new = begin(series, key, time, range, field, bytes, context, size: value.size) else {
                return .memory
            }
            position = new
            setHistogram(value, at: position)
        }
        if point.hasExemplars {
            takeExemplars(range, HistogramPoint.exemplarsField, position, time, bytes, context)
        }
        return nil
    }

    mutating func takeSummary(_ range: ByteRange, _ bytes: Span<UInt8>, _ context: IngestContext) -> DropReason? {
        let point = SummaryPoint(bytes, point: range)
        let field = SummaryPoint.attributesField
        let time = StreamTime(start: point.startNanoseconds, time: point.timeNanoseconds)
        let (series, key) = context.binding.identity(bytes, name: context.name, point: range, field: field)
        if point.hasNoRecordedValue { return end(key, time, context) }
        let known = positions[key]
        if let known, case .reject(let reason) = headers[known].time.cumulativeEffect(of: time) { return reason }
        let value = SummaryValue(point, bytes) { sharedEdges($0) }
        if let known {
            countReset(known, time, context)
            summaries[known] = value
            renew(known, time, context)
        } else {
            let size = 64 + 24 * value.values.count
            guard let new = begin(series, key, time, range, field, bytes, context, size: size) else { return .memory }
            setSummary(value, at: new)
        }
        return nil
    }

    /// A point that continues a histogram stream, by the quick way when the bounds are the same.
    private mutating func update(
        _ position: Int, _ point: HistogramPoint, _ time: StreamTime, _ bytes: Span<UInt8>, _ context: IngestContext
    ) -> DropReason? {
        let effect = effect(of: time, on: position, context)
        if case .reject(let reason) = effect { return reason }
        var continues = effect == .add
        if !continues { countReset(position, time, context) }
        if histograms[position].hasBounds(of: point, bytes) {
            guard histograms[position].update(point, bytes, adds: continues) else { return .invalidPoint }
        } else {
            guard let value = histogram(point, bytes) else { return .invalidPoint }
            let joined = histograms[position].joined(with: value)
            // Other bounds: what was counted in the old ones cannot be told apart, so the stream starts anew.
            if joined == nil {
                if continues { context.tools.resets.bounds.add() }
                continues = false
            }
            histograms[position] = continues ? joined ?? value : value
            if joined == nil { headers[position].exemplars.rearrange { value.edges.bucket(of: $0) } }
        }
        if continues { extend(position, time, context) } else { renew(position, time, context) }
        return nil
    }

    private mutating func histogram(_ point: HistogramPoint, _ bytes: Span<UInt8>) -> HistogramValue? {
        let bounds = (0..<point.explicitBounds.count).map { point.bound($0, bytes) }
        let isEmpty = bounds.isEmpty && point.bucketCounts.count == 0
        guard isEmpty || point.bucketCounts.count == bounds.count + 1,
            bounds.allSatisfy({ !$0.isNaN }), zip(bounds, bounds.dropFirst()).allSatisfy({ $0 < $1 })
        else { return nil }
        let edges = sharedEdges(bounds.last == .infinity ? bounds.dropLast() : bounds)
        return HistogramValue(point, bytes, edges: edges)
    }

    func effect(of time: StreamTime, on position: Int, _ context: IngestContext) -> PointEffect {
        context.binding.temporality == .delta
            ? headers[position].time.deltaEffect(of: time) : headers[position].time.cumulativeEffect(of: time)
    }

    /// Counts a point that makes its stream start anew.
    func countReset(_ position: Int, _ time: StreamTime, _ context: IngestContext) {
        if context.binding.temporality == .delta {
            context.tools.resets.gap.add()
        } else if headers[position].time.isRestarted(by: time) {
            context.tools.resets.restart.add()
        }
    }

    /// The stream's value has been replaced.
    mutating func renew(_ position: Int, _ time: StreamTime, _ context: IngestContext) {
        headers[position].time = time
        headers[position].updated = context.now
        updated = context.now
    }

    /// The stream has been continued from where it began.
    mutating func extend(_ position: Int, _ time: StreamTime, _ context: IngestContext) {
        renew(position, StreamTime(start: headers[position].time.start, time: time.time), context)
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
        let labels = tools.labeler.series(context.binding.labels, point: point, field: field, reserved: reserved, bytes)
        let cost = MemoryCost.stream + size + labels.size
        guard tools.memory.take(cost) else { return nil }
        tools.conflicts.label.add(labels.joinedCount)
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
        guard time.time >= headers[position].time.time else { return .outOfOrder }
        context.tools.directory.remove(headers[position].seriesKey, key)
        remove(position)
        return nil
    }
}

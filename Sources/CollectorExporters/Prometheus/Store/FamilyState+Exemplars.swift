import CollectorCore
import OTLPWire

extension FamilyState {
    /// How many exemplars an exponential histogram has at most.
    private static let nativeExemplars = 20
    /// How many exemplars other series have at most, and how many of one point are looked at.
    private static let maximumExemplars = 1000

    /// The exemplars that a point brings along.
    mutating func takeExemplars(
        _ point: ByteRange, _ field: UInt32, _ position: Int, _ pointTime: StreamTime, _ bytes: Span<UInt8>,
        _ context: IngestContext
    ) {
        var rest = Self.maximumExemplars
        var fields = FieldCursor(bytes, point)
        while let member = fields.next() {
            guard member.number == field, case .bytes(let range) = member.value else { continue }
            guard rest > 0 else {
                context.tools.conflicts.exemplarLimit.add()
                continue
            }
            rest -= 1
            let exemplar = PointExemplar(bytes, exemplar: range)
            guard let value = StoredNumber(exemplar.value), !value.asDouble.isNaN else {
                context.tools.conflicts.exemplarValue.add()
                continue
            }
            let time = context.clock.time(ofExemplar: exemplar.timeNanoseconds, context.tools.conflicts)
            let isPointAhead = pointTime.time > context.clock.latest
            let order = time > 0 ? time : isPointAhead ? context.clock.wall : pointTime.time
            let bucket = bucket(of: value.asDouble, position)
            let candidate = (exemplar.traceID, exemplar.spanID, order)
            guard headers[position].exemplars.accepts(candidate, bucket: bucket, offer: context.offer) else { continue }
            let attributes = AttributePair.all(bytes, message: exemplar.range, field: PointExemplar.attributesField)
            let rendered = context.tools.exemplarText.render(
                traceID: exemplar.traceID, spanID: exemplar.spanID, value: value, time: time,
                attributes: attributes)
            context.tools.conflicts.exemplarLabel.add(rendered.trimmed)
            let shown = ShownExemplar(
                traceID: exemplar.traceID, spanID: exemplar.spanID, value: value.asDouble, time: order,
                text: rendered.text)
            _ = put(shown, position, bucket: bucket, context.tools, offer: context.offer, now: context.now)
        }
    }

    /// Counts the exemplars of a point that cannot have any (conformance 150).
    func countExemplars(_ point: ByteRange, _ field: UInt32, _ bytes: Span<UInt8>, _ context: IngestContext) {
        var fields = FieldCursor(bytes, point)
        while let member = fields.next() {
            if member.number == field { context.tools.conflicts.exemplarType.add() }
        }
    }

    /// An exemplar that another component found for a stream; false when it was not taken.
    mutating func take(
        _ exemplar: Exemplar, _ key: StreamKey, _ tools: IngestTools, offer: UInt64, _ clock: IngestClock
    ) -> Bool {
        guard let position = positions[key] else { return false }
        guard !exemplar.value.isNaN else {
            tools.conflicts.exemplarValue.add()
            return false
        }
        let bucket = bucket(of: exemplar.value, position)
        let time = clock.time(ofExemplar: exemplar.timeNanoseconds, tools.conflicts)
        let candidate = (exemplar.traceID, exemplar.spanID, time)
        guard headers[position].exemplars.accepts(candidate, bucket: bucket, offer: offer) else { return false }
        let attributes = exemplar.filteredAttributes.map {
            AttributePair(key: Array($0.name), value: Array($0.value))
        }
        let rendered = tools.exemplarText.render(
            traceID: exemplar.traceID, spanID: exemplar.spanID, value: .double(exemplar.value),
            time: time, attributes: attributes)
        tools.conflicts.exemplarLabel.add(rendered.trimmed)
        let shown = ShownExemplar(
            traceID: exemplar.traceID, spanID: exemplar.spanID, value: exemplar.value, time: time,
            text: rendered.text)
        return put(shown, position, bucket: bucket, tools, offer: offer, now: clock.now)
    }

    /// Puts an accepted exemplar into its place, if there is memory for one more; false when not.
    private mutating func put(
        _ exemplar: ShownExemplar, _ position: Int, bucket: Int, _ tools: IngestTools, offer: UInt64, now: UInt64
    ) -> Bool {
        // What it takes the place of is given back below.
        guard recharge(position, from: 0, to: exemplar.size) else {
            tools.conflicts.exemplarMemory.add()
            return false
        }
        let isNative = kind == .histogram && !histograms[position].native.isEmpty
        let limit = isNative ? Self.nativeExemplars : Self.maximumExemplars
        let before = headers[position].exemplars.size + exemplar.size
        headers[position].exemplars.put(exemplar, bucket: bucket, offer: offer, now: now, limit: limit)
        _ = recharge(position, from: before, to: headers[position].exemplars.size)
        return true
    }

    /// Changes a stream's exemplars to fewer, and gives back what they were charged for.
    mutating func changeExemplars(of position: Int, _ change: (inout ExemplarSlots) -> Void) {
        let before = headers[position].exemplars.size
        change(&headers[position].exemplars)
        _ = recharge(position, from: before, to: headers[position].exemplars.size)
    }

    /// The place of an exemplar: its bucket, or the only one of a counter. Those of exponential histograms are spread
    /// over the powers of two, whatever the scale (conformance 159).
    func bucket(of value: Double, _ position: Int) -> Int {
        guard kind == .histogram else { return 0 }
        guard !histograms[position].native.isEmpty else { return histograms[position].edges.bucket(of: value) }
        let exponent = value.isFinite ? Int(value.exponent == .min ? -1075 : value.exponent) : 1024
        return value == 0 ? 0 : (value < 0 ? -1 : 1) * (exponent + 2000)
    }
}

import OTLPWire

/// An exemplar as a line shows it.
struct ShownExemplar: Sendable {
    var traceID: TraceID
    var spanID: UInt64
    var value: Double
    /// Nanoseconds since 1970; the point's when the exemplar has none.
    var time: UInt64
    /// Rendered, from ` # {` on.
    var text: [UInt8]
}

/// The exemplars of one series, one per bucket; only buckets that have one take memory.
///
/// What stands in a bucket goes when a newer one comes, when it gets too old or when it is withdrawn. Times per bucket
/// only increase, since Prometheus drops the others. Of several in one point the last one counts, as in the
/// OpenTelemetry Collector, unless it is older than what was shown before.
struct ExemplarSlots: Sendable {
    private struct Slot {
        var bucket: Int
        var exemplar: ShownExemplar
        /// No exemplar older than this may follow.
        var floor: UInt64
        /// The offer it came with; others of the same offer may take its place.
        var offer: UInt64
        /// Nanoseconds of the monotonic clock.
        var storedAt: UInt64
    }

    private var slots: [Slot] = []

    var isEmpty: Bool { slots.isEmpty }
    var count: Int { slots.count }

    /// Whether this bucket would take an exemplar; asked before one is rendered.
    func accepts(_ candidate: (traceID: TraceID, spanID: UInt64, time: UInt64), bucket: Int, offer: UInt64) -> Bool {
        guard let slot = slots.first(where: { $0.bucket == bucket }) else { return true }
        if slot.offer == offer { return candidate.time >= slot.floor }
        let shown = slot.exemplar
        // Senders repeat an exemplar until they have another one.
        let isRepeated =
            shown.time == candidate.time && shown.traceID == candidate.traceID && shown.spanID == candidate.spanID
        return candidate.time >= shown.time && !isRepeated
    }

    /// Puts an accepted exemplar into its bucket. When `limit` buckets have one already, it takes the place of the
    /// oldest.
    mutating func put(_ exemplar: ShownExemplar, bucket: Int, offer: UInt64, now: UInt64, limit: Int = .max) {
        guard let position = slots.firstIndex(where: { $0.bucket == bucket }) else {
            let slot = Slot(bucket: bucket, exemplar: exemplar, floor: 0, offer: offer, storedAt: now)
            if slots.count < limit { return slots.append(slot) }
            let oldest = slots.indices.min { slots[$0].exemplar.time < slots[$1].exemplar.time }
            if let oldest, slots[oldest].exemplar.time <= exemplar.time { slots[oldest] = slot }
            return
        }
        let old = slots[position]
        slots[position] = Slot(
            bucket: bucket, exemplar: exemplar, floor: old.offer == offer ? old.floor : old.exemplar.time, offer: offer,
            storedAt: now)
    }

    /// The exemplar of a bucket that was stored after `cutoff`.
    func exemplar(_ bucket: Int, after cutoff: UInt64) -> ShownExemplar? {
        guard !slots.isEmpty, let slot = slots.first(where: { $0.bucket == bucket }), slot.storedAt > cutoff else {
            return nil
        }
        return slot.exemplar
    }

    /// The newest exemplar of all buckets among those stored after `cutoff`.
    func newest(after cutoff: UInt64) -> ShownExemplar? {
        slots.filter { $0.storedAt > cutoff }.max { $0.exemplar.time < $1.exemplar.time }?.exemplar
    }

    /// All that were stored after `cutoff`, oldest first.
    func all(after cutoff: UInt64) -> [ShownExemplar] {
        slots.filter { $0.storedAt > cutoff }.map(\.exemplar).sorted { $0.time < $1.time }
    }

    /// Moves the exemplars to where they belong after the buckets have changed; the newest one of each bucket stays.
    mutating func rearrange(_ bucket: (Double) -> Int) {
        let old = slots.sorted { $0.exemplar.time > $1.exemplar.time }
        slots = []
        for var slot in old {
            slot.bucket = bucket(slot.exemplar.value)
            if !slots.contains(where: { $0.bucket == slot.bucket }) { slots.append(slot) }
        }
    }

    mutating func removeAll() {
        slots = []
    }

    mutating func remove(storedUpTo cutoff: UInt64) {
        guard !slots.isEmpty else { return }
        slots.removeAll { $0.storedAt <= cutoff }
    }

    mutating func remove(_ traces: Set<TraceID>) {
        guard !slots.isEmpty else { return }
        slots.removeAll { traces.contains($0.exemplar.traceID) }
    }
}

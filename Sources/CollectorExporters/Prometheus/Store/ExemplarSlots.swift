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

    /// What it is charged for, in bytes.
    var size: Int { MemoryCost.exemplar + text.count }
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

    /// In ascending order of buckets.
    private var slots: [Slot] = []
    /// What all of them are charged for, in bytes.
    private(set) var size = 0

    init() {}

    /// The newest of these exemplars for each bucket.
    init(_ exemplars: [ShownExemplar], bucket: (Double) -> Int) {
        slots = exemplars.map {
            Slot(bucket: bucket($0.value), exemplar: $0, floor: 0, offer: 0, storedAt: .max)
        }
        keepNewest()
    }

    var isEmpty: Bool { slots.isEmpty }
    var count: Int { slots.count }

    /// The bits of all buckets that have one.
    var bits: UInt64 { slots.indices.reduce(0) { $0 | Self.bit(of: slots[$1].bucket) } }

    /// One of 64 bits, the same for buckets 64 apart: asked for every line of a scrape before an exemplar is looked for.
    static func bit(of bucket: Int) -> UInt64 { 1 << UInt64(truncatingIfNeeded: bucket & 63) }

    /// Whether this bucket would take an exemplar; asked before one is rendered.
    func accepts(_ candidate: (traceID: TraceID, spanID: UInt64, time: UInt64), bucket: Int, offer: UInt64) -> Bool {
        guard let position = find(bucket) else { return true }
        let slot = slots[position]
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
        if let position = find(bucket) {
            let old = slots[position]
            let floor = old.offer == offer ? old.floor : old.exemplar.time
            size += exemplar.size - old.exemplar.size
            slots[position] = Slot(bucket: bucket, exemplar: exemplar, floor: floor, offer: offer, storedAt: now)
            return
        }
        if slots.count >= limit {
            let oldest = slots.indices.min { slots[$0].exemplar.time < slots[$1].exemplar.time }
            guard let oldest, slots[oldest].exemplar.time <= exemplar.time else { return }
            size -= slots.remove(at: oldest).exemplar.size
        }
        size += exemplar.size
        slots.insert(
            Slot(bucket: bucket, exemplar: exemplar, floor: 0, offer: offer, storedAt: now), at: place(of: bucket))
    }

    /// The exemplar of a bucket that was stored after `cutoff`.
    func exemplar(_ bucket: Int, after cutoff: UInt64) -> ShownExemplar? {
        guard let position = find(bucket), slots[position].storedAt > cutoff else { return nil }
        return slots[position].exemplar
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
        for position in slots.indices { slots[position].bucket = bucket(slots[position].exemplar.value) }
        keepNewest()
    }

    mutating func removeAll() {
        slots = []
        size = 0
    }

    mutating func remove(storedUpTo cutoff: UInt64) {
        remove { $0.storedAt <= cutoff }
    }

    mutating func remove(_ traces: Set<TraceID>) {
        remove { traces.contains($0.exemplar.traceID) }
    }

    private mutating func remove(_ isOver: (Slot) -> Bool) {
        guard !slots.isEmpty else { return }
        slots.removeAll(where: isOver)
        size = slots.reduce(0) { $0 + $1.exemplar.size }
    }

    /// Sorts them and leaves the newest of each bucket.
    private mutating func keepNewest() {
        slots.sort { ($0.bucket, $1.exemplar.time) < ($1.bucket, $0.exemplar.time) }
        var kept: [Slot] = []
        for slot in slots where kept.last?.bucket != slot.bucket { kept.append(slot) }
        slots = kept
        size = slots.reduce(0) { $0 + $1.exemplar.size }
    }

    private func find(_ bucket: Int) -> Int? {
        let position = place(of: bucket)
        return position < slots.count && slots[position].bucket == bucket ? position : nil
    }

    /// Where the slot of a bucket is, or would be.
    private func place(of bucket: Int) -> Int {
        var low = 0
        var high = slots.count
        while low < high {
            let middle = (low + high) / 2
            if slots[middle].bucket < bucket { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

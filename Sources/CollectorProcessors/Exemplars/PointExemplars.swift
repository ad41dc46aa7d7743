import CollectorCore
import NIOCore
import OTLPWire

/// The side of `exemplars` in a metrics pipeline: points lose the exemplars that must not be shown, or not yet, and
/// histograms and counters get those that were filed for them. Points without a change keep their bytes.
struct PointExemplars: BatchTransform {
    /// What was written into points.
    struct Effect: Sendable {
        /// By series, also those with nothing but exemplars to be offered.
        var attached: [(series: SeriesKey, exemplars: [(cell: Int, exemplar: ReadyExemplar)])] = []
        var shown: [TraceID] = []
    }

    let store: ExemplarStore
    let budget: ByteBudget

    func transform(_ batch: Batch) throws(DeliveryError) -> (batch: Batch, effect: Effect) {
        var effect = Effect()
        var segments: [Segment] = []
        for segment in batch.segments { segments.append(try transform(segment, &effect)) }
        return (Batch(signal: batch.signal, segments: segments), effect)
    }

    func taken(_ effect: Effect) {
        guard !effect.attached.isEmpty || !effect.shown.isEmpty else { return }
        store.perform { index, now, actions in
            for (series, exemplars) in effect.attached { index.attached(exemplars, to: series, &actions) }
            index.recheck(effect.shown, now: now, &actions)
        }
    }

    private func transform(_ segment: Segment, _ effect: inout Effect) throws(DeliveryError) -> Segment {
        guard case .metrics(let index) = segment.index else { return segment }
        let bytes = segment.body.readableBytesUInt8Span
        var editor = PointEditor(index)
        var resources: [UInt32: AttributeSetHash] = [:]
        for metric in index.metrics {
            guard let layout = PointView.Layout(metric.kind) else { continue }
            let group = index.scopes[Int(metric.scope)].parent
            let resource = resources[group] ?? resourceHash(index.resources[Int(group)], bytes)
            resources[group] = resource
            let scope = payload(of: 1, in: index.scopes[Int(metric.scope)].head, bytes) ?? .empty
            let walk = MetricWalk(store, metric, layout, (resource, scope), bytes)
            walk.forEachPoint(bytes) { view, key, plan in
                editor.apply(plan, to: view, layout, of: metric)
                if !plan.attached.isEmpty || plan.hasOffers { effect.attached.append((key, plan.attached)) }
                effect.shown += plan.shown
            }
        }
        guard !editor.edits.isEmpty else { return segment }
        return try rewritten(splice(bytes, edits: editor.edits, enclosing: Array(editor.enclosing)))
    }

    private func resourceHash(_ group: GroupEntry, _ bytes: Span<UInt8>) -> AttributeSetHash {
        AttributeSetHash(bytes, message: payload(of: 1, in: group.head, bytes) ?? .empty, fieldNumber: 1)
    }

    /// A segment of the new bytes, charged and indexed like any other.
    private func rewritten(_ bytes: [UInt8]) throws(DeliveryError) -> Segment {
        let reservation = try budget.reserve(bytes.count)
        do {
            let index = try validateMetrics(bytes.span).index
            return Segment(body: ByteBuffer(bytes: bytes), index: index, reservation: reservation)
        } catch {
            throw .permanent("exemplars: the rewritten request is not valid: \(error)", code: .internal)
        }
    }
}

/// Collects the edits of one request.
private struct PointEditor {
    private let index: MetricIndex
    private(set) var edits: [Edit] = []
    /// The payloads around the edits.
    private(set) var enclosing: [ByteRange] = []
    private var lastMetric: UInt32?
    private var lastScope: UInt32?
    private var lastResource: UInt32?

    init(_ index: MetricIndex) {
        self.index = index
    }

    mutating func apply(_ plan: PointPlan, to view: PointView, _ layout: PointView.Layout, of metric: MetricEntry) {
        guard !plan.removed.isEmpty || !plan.attached.isEmpty || !view.unwanted.isEmpty else { return }
        let removed = plan.removed.map { view.exemplars[$0].field } + view.unwanted
        for range in removed.sorted(by: { $0.lower < $1.lower }) { remove(range) }
        if !plan.attached.isEmpty {
            let fields = plan.attached.flatMap { $0.exemplar.field(layout.exemplars) }
            edits.append(Edit(ByteRange(view.range.end, view.range.end), fields))
        }
        enclosing.append(view.range)
        enclose(metric)
    }

    /// Exemplars mostly stand together, so that one edit removes them all.
    private mutating func remove(_ range: ByteRange) {
        if let last = edits.last, last.replacement.isEmpty, last.range.upper == range.lower {
            edits[edits.count - 1].range.upper = range.upper
        } else {
            edits.append(Edit(range, []))
        }
    }

    /// Points come in the order of the message, so each message around them is met in one run.
    private mutating func enclose(_ metric: MetricEntry) {
        guard lastMetric != metric.range.lower else { return }
        lastMetric = metric.range.lower
        enclosing += [metric.range, metric.data]
        guard lastScope != metric.scope else { return }
        lastScope = metric.scope
        let scope = index.scopes[Int(metric.scope)]
        enclosing.append(ByteRange(scope.head.start, scope.tail.end))
        guard lastResource != scope.parent else { return }
        lastResource = scope.parent
        let resource = index.resources[Int(scope.parent)]
        enclosing.append(ByteRange(resource.head.start, resource.tail.end))
    }
}

import CollectorCore
import OTLPWire

/// One metric's way past the index: what all of its points have in common.
struct MetricWalk {
    private let store: ExemplarStore
    private let metric: MetricEntry
    private let layout: PointView.Layout
    private let resource: AttributeSetHash
    private let scope: ScopeHash
    /// Which spans the metric measures; nil when it gets no exemplars of spans.
    private let rule: MetricRule?
    private let nanosecondsPerUnit: Double?
    private let detail: PointView.Detail
    private let isDelta: Bool

    /// - Parameter group: what the metric belongs to: its resource, and its scope's message.
    init(
        _ store: ExemplarStore, _ metric: MetricEntry, _ layout: PointView.Layout,
        _ group: (resource: AttributeSetHash, scope: ByteRange), _ bytes: Span<UInt8>
    ) {
        self.store = store
        self.metric = metric
        self.layout = layout
        resource = group.resource
        scope = ScopeHash(bytes, scope: group.scope)
        let scopeName = payload(of: 1, in: group.scope, bytes) ?? .empty
        var temporality: UInt64 = 0
        var isMonotonic = false
        if let found = store.rules.rule(of: metric, scope: scopeName, attributes: layout.attributes, bytes) {
            var fields = FieldCursor(bytes, metric.data)
            while let field = fields.next() {
                if field.number == 2 { temporality = field.scalar }
                if field.number == 3 { isMonotonic = field.scalar != 0 }
            }
            // Sums that go down again are gauges to Prometheus, which have no exemplars (conformance 150).
            rule = metric.kind == .sum && !isMonotonic ? nil : found
        } else {
            rule = nil
        }
        isDelta = temporality == 1
        detail = rule == nil ? .none : store.needsCounts ? .bucketsAndCounts : .buckets
        nanosecondsPerUnit =
            rule == nil
            ? nil
            : payload(of: 3, in: metric.range, bytes).flatMap { nanoseconds(ofUnit: text(bytes, $0)) }
    }

    /// Shows each point to the index and hands on what is to be changed.
    func forEachPoint(_ bytes: Span<UInt8>, _ body: (PointView, SeriesKey, PointPlan) -> Void) {
        let wallTime = store.wallTime
        var fields = FieldCursor(bytes, metric.data)
        while let field = fields.next() {
            guard field.number == 1, case .bytes(let range) = field.value else { continue }
            let view = PointView(bytes, range, layout, metric.kind, detail, isDelta: isDelta)
            store.countUnwanted(view)
            if rule != nil, view.shape == nil, PointShape.hasTooManyBounds(bytes, range, metric.kind) {
                store.countUntracked(.buckets)
            }
            guard view.shape != nil || !view.exemplars.isEmpty || !view.unwanted.isEmpty else { continue }
            let attributes = AttributeSetHash(bytes, message: range, fieldNumber: layout.attributes)
            let key = SeriesKey(resource: resource, scope: scope, name: metric.name, point: attributes, bytes)
            let observation = PointObservation(
                key: key, resource: resource, shape: view.shape,
                exemplars: view.exemplars.map { $0.exemplar.notAfter(wallTime) })
            body(view, key, plan(observation, range, bytes))
        }
    }

    private func plan(_ point: PointObservation, _ range: ByteRange, _ bytes: Span<UInt8>) -> PointPlan {
        store.perform { index, now, actions in
            if let shape = point.shape, let rule {
                index.track(point, shape, now: now, &actions) {
                    attributes(range, bytes).map { attributes in
                        TrackedSeries(
                            resource: resource, metric: HashedAttribute.value(bytes, text: metric.name), rule: rule,
                            nanosecondsPerUnit: nanosecondsPerUnit, attributes: attributes)
                    }
                }
            }
            return index.see(point, now: now, &actions)
        }
    }

    /// Nil when there are more than any span has that is looked at.
    private func attributes(_ range: ByteRange, _ bytes: Span<UInt8>) -> [HashedAttribute]? {
        var result: [HashedAttribute] = []
        var attributes = AttributeCursor(bytes, message: range, fieldNumber: layout.attributes)
        while let attribute = attributes.next() {
            guard result.count < HashedAttribute.limit else { return nil }
            result.append(HashedAttribute(bytes, attribute))
        }
        return result
    }
}

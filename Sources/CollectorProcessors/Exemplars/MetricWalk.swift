import CollectorCore
import OTLPWire

/// One metric's way past the index: what all of its points have in common.
struct MetricWalk {
    private let store: ExemplarStore
    private let metric: MetricEntry
    private let layout: PointView.Layout
    private let resource: AttributeSetHash
    /// Which spans the metric measures; nil when it gets no exemplars of spans.
    private let subject: SpanSubject?
    private let nanosecondsPerUnit: Double?
    private let isDelta: Bool

    init(
        _ store: ExemplarStore, _ metric: MetricEntry, _ layout: PointView.Layout, _ resource: AttributeSetHash,
        _ bytes: Span<UInt8>
    ) {
        self.store = store
        self.metric = metric
        self.layout = layout
        self.resource = resource
        let isHistogram = metric.kind == .histogram
        subject = isHistogram ? store.subject(ofMetric: text(bytes, metric.name)) : nil
        nanosecondsPerUnit = payload(of: 3, in: metric.range, bytes).flatMap { nanoseconds(ofUnit: text(bytes, $0)) }
        var temporality: UInt64 = 0
        var fields = FieldCursor(bytes, metric.data)
        while isHistogram, let field = fields.next() {
            if field.number == 2 { temporality = field.scalar }
        }
        isDelta = temporality == 1
    }

    /// Shows each point to the index and hands on what is to be changed.
    func forEachPoint(_ bytes: Span<UInt8>, _ body: (PointView, SeriesKey, PointPlan) -> Void) {
        var fields = FieldCursor(bytes, metric.data)
        while let field = fields.next() {
            guard field.number == 1, case .bytes(let range) = field.value else { continue }
            let view = PointView(bytes, range, layout, isHistogram: metric.kind == .histogram)
            let buckets = subject == nil ? nil : view.buckets(isDelta: isDelta)
            guard buckets != nil || !view.exemplars.isEmpty else { continue }
            let attributes = AttributeSetHash(bytes, message: range, fieldNumber: layout.attributes)
            let key = SeriesKey(resource: resource, name: metric.name, point: attributes, bytes)
            let observation = PointObservation(key: key, buckets: buckets, exemplars: view.exemplars.map(\.exemplar))
            body(view, key, plan(observation, range, bytes))
        }
    }

    private func plan(_ point: PointObservation, _ range: ByteRange, _ bytes: Span<UInt8>) -> PointPlan {
        store.perform { index, now, actions in
            if point.buckets != nil, let subject {
                index.track(point.key, now: now, &actions) {
                    TrackedSeries(
                        resource: resource, subject: subject, nanosecondsPerUnit: nanosecondsPerUnit,
                        attributes: attributes(range, bytes))
                }
            }
            return index.see(point, now: now, &actions)
        }
    }

    private func attributes(_ range: ByteRange, _ bytes: Span<UInt8>) -> [HashedAttribute] {
        var result: [HashedAttribute] = []
        var attributes = AttributeCursor(bytes, message: range, fieldNumber: layout.attributes)
        while let attribute = attributes.next() { result.append(HashedAttribute(bytes, attribute)) }
        return result
    }
}

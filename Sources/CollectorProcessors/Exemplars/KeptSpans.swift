import CollectorCore

/// The side of `exemplars` in a traces pipeline, behind the samplers: what passes is kept. Changes nothing.
struct KeptSpans: BatchTransform {
    let store: ExemplarStore

    func transform(_ batch: Batch) -> (batch: Batch, effect: [Segment]) { (batch, batch.segments) }

    func taken(_ segments: [Segment]) {
        for segment in segments { store.see(segment) }
    }
}

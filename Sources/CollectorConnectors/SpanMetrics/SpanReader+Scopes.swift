// What is found out once for all spans of a scope, and the labels of a series, once for all its spans.

import OTLPWire

extension SpanReader {
    /// The labels of something seen, written out for a new series.
    mutating func labels(_ seen: SeenSpan, _ span: SpanEntry, _ scope: ScopeFacts, _ bytes: Span<UInt8>)
        -> [SeriesLabel]
    {
        let name = finder.find(bytes, message: span.range, attributes: 9, name: 5)
        let isExtrapolated = !span.traceState.isEmpty && counter.count(bytes, span.traceState).isExtrapolated
        let about = SpanFacts(span, name: name, isExtrapolated: isExtrapolated)
        let family = seen.event == nil ? seen.family : 0
        if hasGlobs {
            globs[family].find(bytes, message: span.range, attributes: 9, others: scope.resource.globs[family])
        }
        let named = plan.families[family].labels.compactMap { label in
            let found = LabelValue(bytes, finder.values[label])
            return (found ?? scope.resource.defaults[label]).map {
                SeriesLabel(name: plan.labels[label].name, value: $0, budgetKey: 0)
            }
        }
        let all = about.labels(plan, scope, bytes) + named + globs[family].labels(bytes)
        let own = all.marked(asOverflow: globs[family].isCut)
        guard let event = seen.event, var events else { return own }
        events.find(event, bytes)
        return (own + events.labels(bytes)).marked(asOverflow: events.isCut)
    }

    mutating func scopeFacts(_ index: TraceIndex, _ position: UInt32, _ bytes: Span<UInt8>) -> ScopeFacts {
        let group = index.scopes[Int(position)]
        let resource =
            if let known = scope?.resource, known.position == group.parent {
                known
            } else {
                resourceFacts(index, group.parent, bytes)
            }
        return ScopeFacts(
            position: position, resource, scopeLabels: config.scopes.isEmpty ? [] : scopeLabels(group, bytes))
    }

    private mutating func resourceFacts(
        _ index: TraceIndex, _ position: UInt32, _ bytes: Span<UInt8>
    ) -> ResourceFacts {
        place = .none
        let resource = payload(of: 1, in: index.resources[Int(position)].head, bytes) ?? .empty
        _ = resourceFinder.find(bytes, message: resource, attributes: 1, name: 0)
        let values = resourceFinder.values.map { LabelValue(ofMany: bytes, $0) }
        var matches: [[GlobLabels.Match]] = []
        if hasGlobs {
            for family in globs.indices {
                globs[family].find(bytes, message: resource, attributes: 1, most: GlobLabels.limit + 1)
                matches.append(globs[family].matches)
            }
        }
        return ResourceFacts(
            position: position, message: resource,
            // What SDKs call services without a name.
            service: values[0] ?? LabelValue("unknown_service"),
            defaults: plan.labels.indices.map { values[$0 + 1] ?? plan.labels[$0].fallback }, globs: matches)
    }

    private func scopeLabels(_ scope: GroupEntry, _ bytes: Span<UInt8>) -> [SeriesLabel] {
        guard let message = payload(of: 1, in: scope.head, bytes), let name = payload(of: 1, in: message, bytes),
            config.scopes.contains(text(bytes, name))
        else { return [] }
        var labels = [SeriesLabel(name: "span.instrumentation.scope.name", value: LabelValue(text(bytes, name)).ofMany)]
        if let version = payload(of: 2, in: message, bytes), !version.isEmpty {
            labels.append(
                SeriesLabel(name: "span.instrumentation.scope.version", value: LabelValue(text(bytes, version)).ofMany))
        }
        return labels
    }
}

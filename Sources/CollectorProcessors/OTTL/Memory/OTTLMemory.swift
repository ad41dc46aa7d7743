import OTLPWire

// A condition such as `resource.attributes["service.name"] == "payment" and kind == 2` asks the same of every span of a
// resource, and finding an attribute takes a walk over all of them: a request of many spans and many attributes would
// cost their product. So every part of a condition that is the same for all spans of a resource, all spans of a scope or
// all events of a span is evaluated once for it and remembered.

/// Where the result of a part is remembered, and until what changes.
struct OTTLSlot: Sendable {
    let index: Int
    let level: OTTLLevel
}

/// The results of a condition's parts for the spans of one request. For one thread.
package final class OTTLMemory {
    private var values: [Result<OTTLValue, OTTLEvaluationError>?]
    private var truths: [Result<Bool, OTTLEvaluationError>?]
    private let levels: [OTTLLevel]
    private var resource: GroupEntry?
    private var scope: GroupEntry?

    init(_ levels: [OTTLLevel]) {
        self.levels = levels
        values = Array(repeating: nil, count: levels.count)
        truths = values.map { _ in nil }
    }

    /// The next span: forgets what may be different for it.
    func enter(_ span: borrowing OTTLSpan) {
        guard !levels.isEmpty else { return }
        let isSameResource = resource.map { isSame($0, span.resource) } ?? false
        let isSameScope = isSameResource && scope.map { isSame($0, span.scope) } ?? false
        forget(from: isSameScope ? .span : isSameResource ? .scope : .resource)
        resource = span.resource
        scope = span.scope
    }

    private func forget(from level: OTTLLevel) {
        for slot in levels.indices where levels[slot] >= level {
            values[slot] = nil
            truths[slot] = nil
        }
    }

    /// Whether these are the same place of the request.
    private func isSame(_ left: GroupEntry, _ right: GroupEntry) -> Bool {
        left.head == right.head && left.tail == right.tail
    }

    subscript(value slot: OTTLSlot) -> Result<OTTLValue, OTTLEvaluationError>? {
        get { values[slot.index] }
        set { values[slot.index] = newValue }
    }

    subscript(truth slot: OTTLSlot) -> Result<Bool, OTTLEvaluationError>? {
        get { truths[slot.index] }
        set { truths[slot.index] = newValue }
    }
}

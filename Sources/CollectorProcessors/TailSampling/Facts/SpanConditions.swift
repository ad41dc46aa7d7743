// The conditions of all policies, asked once of each arriving span outside of any lock:
//
//     resource ─ attributes by key ─▶ MatchSet ─┐ once per resource
//     span ──── attributes by key ─▶ MatchSet ──┴▶ union: what the span meets
//               links, flags, tracestate, OTTL ──▶
//
// One walk over a span's fields serves all conditions on attributes and links; OTTL conditions find what they need
// themselves, and remember what they asked of the resource. Bytes are compared where they are, and nothing is allocated
// per span.

import CollectorCore
import OTLPWire

/// All conditions of a processor. Any number of threads may ask at the same time.
struct SpanConditions: Sendable {
    private struct OTTLTest: Sendable {
        let list: OTTLConditionList
        var bit: Int?
        var failureBit: Int?
    }

    private let attributes: AttributeTests
    private let traceStates: [TraceStateTest]
    private let ottl: [OTTLTest]
    private let linkBit: Int?
    private let flagBit: Int?
    private let isEmpty: Bool

    init(_ plan: SpanConditionPlan) {
        isEmpty = plan.bits.isEmpty
        attributes = AttributeTests(plan.bits)
        linkBit = plan.bits[.hasLinks]
        flagBit = plan.bits[.isFlaggedSampled]
        var traceStates: [TraceStateTest] = []
        var ottl: [OTTLConditionList: OTTLTest] = [:]
        for (condition, bit) in plan.bits {
            switch condition {
            case .traceState(let key, let values): traceStates.append(TraceStateTest(key: key, values, bit: bit))
            case .ottl(let list): ottl[list, default: OTTLTest(list: list)].bit = bit
            case .ottlFailure(let list): ottl[list, default: OTTLTest(list: list)].failureBit = bit
            case .hasLinks, .isFlaggedSampled, .text, .pattern, .integer, .boolean: break
            }
        }
        self.traceStates = traceStates
        self.ottl = Array(ottl.values)
    }

    /// What is asked once of a request.
    struct OfRequest {
        /// What each resource meets for all of its spans; empty when nothing is asked of resources.
        fileprivate let resources: [MatchSet]
        /// Of each condition of each list in `ottl`.
        fileprivate let memories: [[OTTLMemory]]
    }

    func ofRequest(_ bytes: Span<UInt8>, _ index: TraceIndex) -> OfRequest {
        OfRequest(
            resources: resourceMatches(bytes, index),
            memories: ottl.map { $0.list.conditions.map { $0.makeMemory() } })
    }

    /// What some spans of a request meet; empty when there are no conditions.
    func matches(
        _ bytes: Span<UInt8>, _ index: TraceIndex, _ range: Range<Int>, _ request: OfRequest
    ) -> [MatchSet] {
        if isEmpty { return [] }
        let resources = request.resources
        let walks = !attributes.isEmpty || linkBit != nil
        var matches: [MatchSet] = []
        matches.reserveCapacity(range.count)
        for span in index.spans[range] {
            let scope = index.scopes[Int(span.scope)]
            var found = resources.isEmpty ? MatchSet() : resources[Int(scope.parent)]
            if walks { walk(bytes, span.range, &found) }
            if let flagBit, span.flags & 1 == 1 { found.insert(flagBit) }
            if !span.traceState.isEmpty, !traceStates.isEmpty { askTraceState(bytes, span.traceState, &found) }
            if !ottl.isEmpty {
                let span = OTTLSpan(bytes, entry: span, resource: index.resources[Int(scope.parent)], scope: scope)
                for (test, memories) in zip(ottl, request.memories) { ask(test, span, memories, &found) }
            }
            matches.append(found)
        }
        return matches
    }

    private func resourceMatches(
        _ bytes: Span<UInt8>, _ index: TraceIndex
    ) -> [MatchSet] {
        if attributes.isEmpty { return [] }
        var matches = [MatchSet](repeating: MatchSet(), count: index.resources.count)
        for (position, group) in index.resources.enumerated() {
            askResource(bytes, in: group.head, &matches[position])
            if !group.tail.isEmpty { askResource(bytes, in: group.tail, &matches[position]) }
        }
        return matches
    }

    private func askResource(
        _ bytes: Span<UInt8>, in group: ByteRange, _ found: inout MatchSet
    ) {
        var fields = FieldCursor(bytes, group)
        while let field = fields.next() {
            guard field.number == 1, case .bytes(let resource) = field.value else { continue }
            var attributeFields = FieldCursor(bytes, resource)
            while let attribute = attributeFields.next() {
                guard attribute.number == 1, case .bytes(let keyValue) = attribute.value else { continue }
                attributes.ask(bytes, keyValue: keyValue, &found)
            }
        }
    }

    private func walk(
        _ bytes: Span<UInt8>, _ span: ByteRange, _ found: inout MatchSet
    ) {
        let asksAttributes = !attributes.isEmpty
        var reader = WireReader(bytes, span)
        // Tags and lengths alone, unlike a FieldCursor: no value of any other field is of use here.
        while let tag = reader.varint() {
            switch tag & 7 {
            case 0: guard reader.varint() != nil else { return }
            case 1: guard reader.skip(8) else { return }
            case 2:
                guard let payload = reader.lengthDelimited() else { return }
                if tag == Self.attributeTag {
                    if asksAttributes { attributes.ask(bytes, keyValue: payload, &found) }
                } else if tag == Self.linkTag, let linkBit {
                    found.insert(linkBit)
                }
            case 5: guard reader.skip(4) else { return }
            default: return
            }
        }
    }

    /// The tags of `Span.attributes` and `Span.links`.
    private static let attributeTag: UInt64 = 9 << 3 | 2
    private static let linkTag = UInt64(SpanLinks.field) << 3 | 2

    private func askTraceState(_ bytes: Span<UInt8>, _ range: ByteRange, _ found: inout MatchSet) {
        // What is not a tracestate as a whole has no members.
        guard TraceState(bytes, range) != nil else { return }
        for test in traceStates where test.isMet(bytes, range) { found.insert(test.bit) }
    }

    private func ask(
        _ test: OTTLTest, _ span: borrowing OTTLSpan, _ memories: [OTTLMemory], _ found: inout MatchSet
    ) {
        var hasFailed = false
        for (condition, memory) in zip(test.list.conditions, memories) {
            do throws(OTTLEvaluationError) {
                guard try condition.isTrue(of: span, memory) else { continue }
                if let bit = test.bit { found.insert(bit) }
                return
            } catch {
                hasFailed = true
            }
        }
        if hasFailed, let bit = test.failureBit { found.insert(bit) }
    }
}

/// A condition on a member of tracestates.
private struct TraceStateTest: Sendable {
    private let key: [UInt8]
    private let values: ByteStringTable
    let bit: Int

    init(key: [UInt8], _ values: Set<[UInt8]>, bit: Int) {
        self.key = key
        self.values = ByteStringTable(Array(values))
        self.bit = bit
    }

    func isMet(_ bytes: Span<UInt8>, _ traceState: ByteRange) -> Bool {
        var members = TraceStateMembers(bytes, traceState)
        while let member = members.next() {
            guard haveEqualBytes(key.span, ByteRange(0, key.count), bytes, member.key) else { continue }
            if values.index(of: member.value, in: bytes) != nil { return true }
        }
        return false
    }
}

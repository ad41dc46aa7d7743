// Conditions of the OpenTelemetry Transformation Language, as the OpenTelemetry Collector's `ottl_condition` policy
// takes them (its LANGUAGE.md and ottlfuncs/README.md are the reference).
//
//     text ─ OTTLLexer ─▶ tokens ─ OTTLParser ─▶ OTTLBoolean over OTTLExpression ─ isTrue(of:) ─▶ Bool
//
// The parser resolves paths, converters and enums to enum cases, compiles patterns and checks types as far as they are
// known, so that whatever can be refused is refused when the configuration is read. What is left for each span is a walk
// over a tree whose depth is bounded by the nesting the parser allows. Strings of the request are compared where they
// are; only converters that make new strings allocate.

import OTLPWire

/// What a condition is about, and with it the meaning of its bare paths.
package enum OTTLContext: Sendable {
    case span
    case spanEvent
}

/// A compiled condition. It can be used from any number of threads.
package struct OTTLCondition: Sendable {
    package let text: String
    package let context: OTTLContext
    private let root: OTTLBoolean
    private let remembered: [OTTLLevel]

    /// Refuses everything that is not OTTL, is not known here or can never work.
    package init(_ text: String, context: OTTLContext) throws(OTTLError) {
        self.text = text
        self.context = context
        var parser = try OTTLParser(text, context: context)
        var plan = OTTLMemoryPlan(context)
        root = plan.remembering(try parser.condition())
        remembered = plan.levels
    }

    /// What is to be passed along for all spans of a request, one after the other.
    package func makeMemory() -> OTTLMemory { OTTLMemory(remembered) }

    /// Whether the condition is true of the span or, in the span event context, of one of its events.
    ///
    /// - Parameters:
    ///   - memory: this condition's of the span's request; without one every part is evaluated anew.
    ///   - stopsAtFailure: what happens when it has no answer for one event. False: the other events are asked as well,
    ///     and the first error is thrown only when the condition is true of none (`error_mode` ignore and silent).
    ///     True: the error is thrown at once (propagate).
    package func isTrue(
        of span: borrowing OTTLSpan, _ memory: OTTLMemory? = nil, stopsAtFailure: Bool = false
    ) throws(OTTLEvaluationError) -> Bool {
        memory?.enter(span)
        switch context {
        case .span: return try root.isTrue(of: OTTLSubject(span, memory))
        case .spanEvent: return try isTrueOfAnEvent(of: span, memory, stopsAtFailure: stopsAtFailure)
        }
    }

    private func isTrueOfAnEvent(
        of span: borrowing OTTLSpan, _ memory: OTTLMemory?, stopsAtFailure: Bool
    ) throws(OTTLEvaluationError) -> Bool {
        var failure: OTTLEvaluationError?
        var index: Int64 = 0
        var fields = FieldCursor(span.bytes, span.entry.range)
        while let field = fields.next() {
            guard field.number == OTTLField.spanEvents, case .bytes(let event) = field.value else { continue }
            do throws(OTTLEvaluationError) {
                if try root.isTrue(of: OTTLSubject(span, memory, event: event, eventIndex: index)) { return true }
            } catch {
                if stopsAtFailure { throw error }
                if failure == nil { failure = error }
            }
            index &+= 1
        }
        if let failure { throw failure }
        return false
    }
}

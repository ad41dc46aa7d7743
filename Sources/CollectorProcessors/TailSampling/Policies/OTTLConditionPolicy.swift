import CollectorCore

/// `ottl_condition`: traces with a span, or an event of a span, of which one of the conditions is true.
struct OTTLConditionSettings: PolicySettings {
    static let type = "ottl_condition"

    /// What becomes of conditions that have no answer for a span.
    enum ErrorMode: String, CaseIterable {
        /// They count as false, and the reason of the vote says so.
        case ignore
        /// They count as false.
        case silent
        /// The vote does not count, unless a condition is true of some span.
        case propagate
    }

    private var conditions: [OTTLCondition] = []
    private let errorMode: ErrorMode

    init(_ section: ConfigReader) {
        // Not given or empty is silent, as in the OpenTelemetry Collector.
        var isGiven = section.has("error_mode")
        if case .scalar("", _) = section.node("error_mode")?.value { isGiven = false }
        errorMode = isGiven ? section.enumeration("error_mode", default: .silent) : .silent
        let before = section.diagnostics.all.count
        read("span", .span, section)
        read("spanevent", .spanEvent, section)
        if conditions.isEmpty, section.diagnostics.all.count == before {
            section.error(
                "span", "must have at least one condition, or `spanevent` must, for example `['name == \"checkout\"']`")
        }
    }

    private mutating func read(_ key: String, _ context: OTTLContext, _ section: ConfigReader) {
        for item in section.list(key) {
            do {
                conditions.append(try OTTLCondition(try item.decodeString(), context: context))
            } catch let mistake as ConfigMistake {
                section.diagnostics.error(at: item.mark, path: item.path, mistake.message)
            } catch {
                section.diagnostics.error(at: item.mark, path: item.path, "\(error)")
            }
        }
    }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy {
        let list = OTTLConditionList(conditions: conditions)
        return OTTLConditionPolicy(
            bit: builder.bit(.ottl(list)), failureBit: errorMode == .silent ? nil : builder.bit(.ottlFailure(list)),
            propagates: errorMode == .propagate, text: ConditionPolicy.anyOf(conditions.map(\.text)).printable)
    }
}

struct OTTLConditionPolicy: SamplingPolicy {
    let bit: Int
    /// The place in `MatchSet` of traces with a span that conditions had no answer for; nil when nobody wants to know.
    let failureBit: Int?
    let propagates: Bool
    let text: String

    func vote(on trace: TraceFeatures, _ measured: Measurements) -> Vote {
        if trace.matches[bit] { return .sampled }
        return propagates && hasFailed(trace) ? .error : .notSampled
    }

    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String {
        if trace.matches[bit] { return "true of a span: \(text)" }
        return (hasFailed(trace) ? "true of no span, and without an answer for some: " : "true of no span: ") + text
    }

    private func hasFailed(_ trace: TraceFeatures) -> Bool { failureBit.map { trace.matches[$0] } ?? false }
}

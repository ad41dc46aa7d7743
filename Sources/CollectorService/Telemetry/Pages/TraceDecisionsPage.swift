import CollectorCore
import CollectorTransport
import OTLPWire

/// `/debug/decisions/TRACE_ID`: what every sampler remembers about one trace.
struct TraceDecisionsPage: TelemetryPage {
    let decisions: DecisionLog

    let path = PagePath.below("/debug/decisions/", placeholder: "TRACE_ID")
    let summary = "what was decided about one trace, and why; ?format=json|text"

    func answer(_ request: PageRequest) -> HTTPAnswer {
        DebugFormat.answer(request, parameters: []) { format, _ throws(QueryError) in
            guard let trace = TraceID(hexadecimal: String(request.argument)) else {
                let shown = String(request.argument).clipped(to: 64).printable
                throw QueryError("a trace id is 32 hexadecimal digits, found `\(shown)`")
            }
            let found = decisions.decisions(of: trace)
            guard !found.isEmpty else { return unknown(trace, format) }
            return format.answer(json: DecisionJSON.document(found), text: DecisionText.text(found))
        }
    }

    private func unknown(_ trace: TraceID, _ format: DebugFormat) -> HTTPAnswer {
        let causes = decisions.hasSources ? Self.causes : [Self.nobodyDecides]
        return format.error(
            404, "trace \(trace) is not known here", [("trace_id", .string("\(trace)"))], reasons: causes)
    }

    static let nobodyDecides = "no traces pipeline of this collector has a tail_sampling processor"

    private static let causes = [
        "it has not arrived, or went to another collector",
        "it still waits for its decision (decision_wait)",
        "its decision is forgotten: only the latest are remembered",
        "its pipeline has no tail_sampling processor",
    ]
}

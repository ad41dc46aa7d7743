import CollectorCore
import CollectorTransport

/// `/debug/decisions`: the latest decisions of all samplers, newest first.
///
/// `policy=` asks for traces that a policy decided; of a shadow, which decides nothing, for those it voted for.
/// `voted=` asks for all that a policy voted to sample or to drop, whoever decided.
struct DecisionsPage: TelemetryPage {
    let decisions: DecisionLog

    let path = PagePath.exact("/debug/decisions")
    let summary =
        "latest decisions of samplers; ?policy= &voted= &service= &decision=kept|dropped &limit= &format=json|text"

    func answer(_ request: PageRequest) -> HTTPAnswer {
        DebugFormat.answer(request, parameters: DecisionQuery.parameters) { format, parameters throws(QueryError) in
            let query = try DecisionQuery(parameters)
            if let problem = unknownPolicy(query.filter) { return format.error(404, problem) }
            let found = decisions.latest(query.filter, limit: query.limit)
            return format.answer(
                json: DecisionJSON.document(found),
                text: found.isEmpty ? noneText : DecisionTable.text(found))
        }
    }

    /// What is wrong with a policy that no sampler has; names of services, which only traffic knows, are free.
    private func unknownPolicy(_ filter: DecisionFilter) -> String? {
        guard decisions.hasSources else { return nil }
        let known = decisions.policyNames
        for (parameter, name) in [("policy", filter.policy), ("voted", filter.voter)] {
            guard let name, !known.contains(name) else { continue }
            let shown = name.clipped(to: 64).printable
            let right = suggestion(for: shown, among: known.map(\.printable))
            return "\(parameter): no sampler here has a policy `\(shown)`\(right)"
        }
        return nil
    }

    private var noneText: String {
        decisions.hasSources
            ? "no decision that is remembered matches\n" : "no decisions: \(TraceDecisionsPage.nobodyDecides)\n"
    }
}

import CollectorCore
import CollectorTransport

/// `/debug/decisions`: the latest decisions of all samplers, newest first.
struct DecisionsPage: TelemetryPage {
    let decisions: DecisionLog

    let path = PagePath.exact("/debug/decisions")
    let summary = "latest decisions of samplers; ?policy= &service= &decision=kept|dropped &limit= &format=json|text"

    func answer(_ request: PageRequest) -> HTTPAnswer {
        DebugFormat.answer(request, parameters: DecisionQuery.parameters) { format, parameters throws(QueryError) in
            let query = try DecisionQuery(parameters)
            let found = decisions.latest(query.filter, limit: query.limit)
            return format.answer(
                json: DecisionJSON.document(found),
                text: found.isEmpty ? noneText : DecisionTable.text(found))
        }
    }

    private var noneText: String {
        decisions.hasSources
            ? "no decision that is remembered matches\n" : "no decisions: \(TraceDecisionsPage.nobodyDecides)\n"
    }
}

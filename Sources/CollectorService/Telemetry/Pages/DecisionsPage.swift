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

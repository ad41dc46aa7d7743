import CollectorCore

extension Ledger {
    /// The books as metric families: where every item is, and the residual, which is 0 at rest.
    func families() -> [Telemetry.Family] {
        var items: [Telemetry.Series] = []
        var residuals: [Telemetry.Series] = []
        for statement in statements() {
            let labels: Telemetry.Labels = [("signal", statement.signal.rawValue), ("branch", statement.branch)]
            func add(_ state: String, _ count: Int, _ more: Telemetry.Labels = []) {
                items.append(
                    Telemetry.Series(labels: labels + [("state", state)] + more, value: .number(Double(count))))
            }
            add("received", statement.received)
            add("refused", statement.refused)
            add("forwarded", statement.forwarded)
            add("exposed", statement.exposed)
            add("held", statement.held)
            add("inside", statement.inside)
            for drop in statement.dropped {
                add("dropped", drop.count, [("component", drop.component), ("reason", drop.reason)])
            }
            residuals.append(Telemetry.Series(labels: labels, value: .number(Double(statement.residual))))
        }
        return [
            Telemetry.Family(
                name: "needletail_ledger_items", help: "Items by what became of them, per signal and branch.",
                kind: .gauge, series: items),
            Telemetry.Family(
                name: "needletail_ledger_residual",
                help: "Items the books cannot explain: received less all others. 0 at rest.", kind: .gauge,
                series: residuals),
        ]
    }
}

import CollectorTransport

/// `/debug`: which pages there are.
struct DebugIndexPage: TelemetryPage {
    /// The other pages.
    let pages: [any TelemetryPage]

    let path = PagePath.exact("/debug")
    let summary = "this list"

    func answer(_ request: PageRequest) -> HTTPAnswer {
        let entries = (pages.map { ("\($0.path)", $0.summary) } + [("\(path)", summary)]).sorted { $0.0 < $1.0 }
        let width = entries.map(\.0.count).max() ?? 0
        return .text(200, entries.map { "\($0.0.padded(to: width))  \($0.1)\n" }.joined())
    }
}

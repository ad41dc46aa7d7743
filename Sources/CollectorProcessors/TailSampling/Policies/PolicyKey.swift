import CollectorCore

/// What a policy groups traces by.
struct PolicyKey: Sendable {
    /// The place in `TraceKeys`.
    let place: Int
    let registry: TraceKeyRegistry

    /// The number of the trace's key.
    func id(of trace: TraceFeatures) -> TraceKeyID { TraceKeyID(rawValue: trace.keys[place]) }

    /// The values of the trace's key, for people: `checkout, GET /cart`.
    func name(of trace: TraceFeatures) -> String {
        let id = id(of: trace)
        if id == .other { return "all keys that there was no room for" }
        guard let values = registry.values(id, at: place) else { return "its key" }
        return values.map { $0.isEmpty ? "(none)" : $0 }.joined(separator: ", ")
    }
}

extension [TraceKeyPart] {
    /// Reads `key`, by default the service and the name of the root span.
    init(_ section: ConfigReader) {
        guard section.node("key")?.isNull == false else {
            self = TraceKeyPart.usual
            return
        }
        let before = section.diagnostics.all.count
        self = section.strings("key").map { text in
            text == TraceKeyPart.rootSpanNameWords ? .rootSpanName : .attribute(text)
        }
        if contains(.attribute("")) {
            section.error("key", "names an attribute without a name; expected attribute names or `root span name`")
        } else if Set(self).count < count {
            section.error("key", "names a part twice; once is enough")
        } else if isEmpty, section.diagnostics.all.count == before {
            section.error("key", "must have at least one part, for example `[service.name, root span name]`")
        }
    }
}

import CollectorCore

/// `status_code`: traces with a span of one of these codes.
struct StatusCodeSettings: PolicySettings {
    static let type = "status_code"
    private static let names: [(name: String, code: StatusCodeSet)] = [
        ("OK", .ok), ("ERROR", .error), ("UNSET", .unset),
    ]

    private var codes = StatusCodeSet()

    init(_ section: ConfigReader) {
        let before = section.diagnostics.all.count
        for (text, node) in section.placedStrings("status_codes") {
            if let known = Self.names.first(where: { $0.name == text }) {
                codes.formUnion(known.code)
            } else {
                section.error(at: node, "`\(text)` is no span status; expected OK, ERROR or UNSET")
            }
        }
        if codes.isEmpty, section.diagnostics.all.count == before {
            section.error("status_codes", "must name at least one of OK, ERROR and UNSET")
        }
    }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy { StatusCodePolicy(codes: codes) }

    static func listed(_ codes: StatusCodeSet) -> String {
        names.filter { codes.contains($0.code) }.map(\.name).joined(separator: " or ")
    }
}

struct StatusCodePolicy: SamplingPolicy {
    let codes: StatusCodeSet

    func vote(on trace: TraceFeatures, _ measured: Measurements) -> Vote {
        trace.statusCodes.isDisjoint(with: codes) ? .notSampled : .sampled
    }

    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String {
        let found = trace.statusCodes.intersection(codes)
        if found.isEmpty { return "no span has status \(StatusCodeSettings.listed(codes))" }
        return "a span has status \(StatusCodeSettings.listed(found))"
    }
}

import CollectorCore

/// One entry of `policies`.
package struct PolicyConfig: Sendable {
    package enum Kind: Sendable {
        case alwaysSample
        case latency(threshold: UInt64, upperThreshold: UInt64?)
        case probabilistic(percentage: Double, salt: String)
        case statusCode(Set<StatusCodeName>)

        /// Whether a later span could turn a vote to sample into one against it.
        var needsWholeTrace: Bool {
            if case .latency(_, .some) = self { true } else { false }
        }
    }

    package enum StatusCodeName: String, CaseIterable, Sendable {
        case unset = "UNSET"
        case ok = "OK"
        case error = "ERROR"
    }

    package var name: String
    package var kind: Kind

    static let types = ["always_sample", "latency", "probabilistic", "status_code"]

    /// Reads `policies`; mistakes go to the diagnostics.
    static func readAll(_ reader: ConfigReader) -> [PolicyConfig] {
        let sections = reader.sections("policies")
        if sections.isEmpty {
            reader.error(
                "policies",
                "must have at least one policy, for example "
                    + "`[{name: errors, type: status_code, status_code: {status_codes: [ERROR]}}]`")
        }
        var names: Set<String> = []
        return sections.compactMap { section in
            let name = section.requiredString("name", example: "errors")
            if !name.isEmpty, !names.insert(name).inserted {
                section.error("name", "another policy is called `\(name)` already; names must be unique")
            }
            return readKind(section).map { PolicyConfig(name: name, kind: $0) }
        }
    }

    private static func readKind(_ section: ConfigReader) -> Kind? {
        let type = section.requiredString("type", example: "latency")
        switch type {
        case "always_sample":
            _ = section.settings("always_sample")
            return .alwaysSample
        case "latency": return readLatency(section.settings("latency"))
        case "probabilistic": return readProbabilistic(section.settings("probabilistic"))
        case "status_code": return readStatusCodes(section.settings("status_code"))
        case "": return nil
        default:
            // What belongs to the type is not looked at: one mistake, one message.
            for entry in section.node.entries { _ = section.node(entry.key) }
            section.error(
                "type",
                "policy type `\(type)` is not available yet; available: \(types.joined(separator: ", "))")
            return nil
        }
    }

    private static func readLatency(_ section: ConfigReader) -> Kind {
        let threshold = section.integer("threshold_ms", default: 0)
        let upper = section.integer("upper_threshold_ms", default: 0)
        if upper > 0, upper <= threshold {
            section.error(
                "upper_threshold_ms", "must be greater than `threshold_ms` (\(threshold)), or 0 for no upper bound")
        }
        return .latency(threshold: UInt64(threshold), upperThreshold: upper == 0 ? nil : UInt64(upper))
    }

    private static func readProbabilistic(_ section: ConfigReader) -> Kind {
        let percentage = section.double("sampling_percentage", default: 0, in: 0...Double.greatestFiniteMagnitude)
        let salt = section.string("hash_salt", default: "")
        return .probabilistic(percentage: percentage, salt: salt.isEmpty ? ProbabilisticPolicy.defaultSalt : salt)
    }

    private static func readStatusCodes(_ section: ConfigReader) -> Kind {
        let before = section.diagnostics.all.count
        var codes: Set<StatusCodeName> = []
        for text in section.strings("status_codes") {
            if let code = StatusCodeName(rawValue: text) {
                codes.insert(code)
            } else {
                section.error("status_codes", "`\(text)` is no span status; expected OK, ERROR or UNSET")
            }
        }
        if codes.isEmpty, section.diagnostics.all.count == before {
            section.error("status_codes", "must name at least one of OK, ERROR and UNSET")
        }
        return .statusCode(codes)
    }

    /// The policy itself.
    func makePolicy() -> any SamplingPolicy {
        switch kind {
        case .alwaysSample: return AlwaysSamplePolicy()
        case .latency(let threshold, let upper): return LatencyPolicy(threshold: threshold, upperThreshold: upper)
        case .probabilistic(let percentage, let salt): return ProbabilisticPolicy(percentage: percentage, salt: salt)
        case .statusCode(let names):
            var codes = StatusCodeSet()
            if names.contains(.unset) { codes.formUnion(.unset) }
            if names.contains(.ok) { codes.formUnion(.ok) }
            if names.contains(.error) { codes.formUnion(.error) }
            return StatusCodePolicy(codes: codes)
        }
    }
}

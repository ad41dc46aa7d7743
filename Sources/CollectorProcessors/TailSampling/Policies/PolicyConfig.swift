import CollectorCore

/// One entry of `policies`, or of a list of sub-policies.
package struct PolicyConfig: Sendable {
    package var name: String
    /// `shadow: true`: votes and counts, but does not decide.
    package var isShadow = false
    let settings: any PolicySettings
    /// Where `type` stands.
    let typePath: ConfigPath
    let typeMark: SourceMark

    var type: String { Swift.type(of: settings).type }

    /// This policy, or those inside it, whose vote to sample is bound by an allowance. What `not` and `drop` refuse is
    /// not among them.
    var limits: [PolicyConfig] {
        settings.takesAllowance ? [self] : settings.subPolicies.flatMap(\.limits)
    }

    /// Reads `policies`; mistakes go to the diagnostics.
    static func readAll(_ reader: ConfigReader) -> [PolicyConfig] {
        let before = reader.diagnostics.all.count
        let policies = readList("policies", reader, isNested: false)
        // With policies that are mistaken nobody can say what the others come to.
        if !policies.isEmpty, reader.diagnostics.all[before...].allSatisfy({ $0.severity != .error }) {
            reportUseless(policies, reader)
        }
        return policies
    }

    /// Reports policies that together keep nothing. Shadows that would keep something make it a trial.
    private static func reportUseless(_ policies: [PolicyConfig], _ reader: ConfigReader) {
        let keeping = policies.filter { $0.type != DropSettings.type && $0.type != LinkedSettings.type }
        let hasLinked = policies.contains { $0.type == LinkedSettings.type }
        let why =
            hasLinked
            ? "`linked` follows links of traces that other policies keep, and there is no other policy that keeps any"
            : "`drop` only takes away from what other policies keep, and there is no other policy"
        if keeping.isEmpty {
            reader.error("policies", "\(why): nothing would ever be kept; add one, for example `always_sample`")
        } else if policies.allSatisfy(\.isShadow) {
            reader.warning("policies", "all policies are shadows: nothing will be kept")
        } else if keeping.allSatisfy(\.isShadow) {
            reader.warning("policies", "\(why) but shadows: nothing will be kept; add one, for example `always_sample`")
        }
    }

    /// Reads a list of policies, which may not be empty.
    /// - Parameter isNested: whether they are parts of another policy.
    static func readList(_ key: String, _ reader: ConfigReader, isNested: Bool = true) -> [PolicyConfig] {
        let sections = reader.sections(key)
        if sections.isEmpty {
            reader.error(
                key,
                "must have at least one policy, for example "
                    + "`[{name: errors, type: status_code, status_code: {status_codes: [ERROR]}}]`")
        }
        var names: Set<String> = []
        return sections.compactMap { section in
            let policy = read(section, isNested: isNested)
            if let policy, !policy.name.isEmpty, !names.insert(policy.name).inserted {
                section.error("name", "another policy is called `\(policy.name)` already; names must be unique")
            }
            return policy
        }
    }

    /// Reads one policy.
    static func read(_ section: ConfigReader, isNested: Bool = true) -> PolicyConfig? {
        // No section, which its reader has told already.
        if case .list = section.node.value { return nil }
        if case .scalar = section.node.value { return nil }
        let name = section.requiredString("name", example: "errors")
        let type = section.requiredString("type", example: "latency")
        let isShadow = isNested ? false : section.bool("shadow", default: false)
        guard let found = policyTypes.first(where: { $0.type == type }) else {
            // What belongs to the type is not looked at: one mistake, one message.
            for entry in section.node.entries { _ = section.node(entry.key) }
            if !type.isEmpty { section.error("type", unknown(type, isNested: isNested)) }
            return nil
        }
        if isNested, topLevelTypes.contains(type) {
            section.error("type", "`\(type)` must stand in `policies` itself, not inside another policy")
        }
        let written = section.node("type")
        return PolicyConfig(
            name: name, isShadow: isShadow, settings: found.init(section.settings(type)),
            typePath: written?.path ?? section.path, typeMark: written?.mark ?? section.mark)
    }

    private static let topLevelTypes = [DropSettings.type, LinkedSettings.type]

    private static func unknown(_ type: String, isNested: Bool) -> String {
        let types = policyTypes.map { $0.type }.filter { !isNested || !topLevelTypes.contains($0) }
        if let meant = didYouMean(type, among: types) {
            return "there is no policy type `\(type)`; did you mean `\(meant)`?"
        }
        return "there is no policy type `\(type)`; there are \(types.joined(separator: ", "))"
    }
}

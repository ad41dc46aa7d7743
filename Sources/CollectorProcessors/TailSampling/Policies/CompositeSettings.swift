import CollectorCore

/// The settings of `composite`. Sub-policies that `policy_order` does not name come after those it does; those without
/// a `rate_allocation` share equally what the others leave.
struct CompositeSettings: PolicySettings {
    static let type = "composite"

    /// In the order in which they are asked.
    private var policies: [PolicyConfig] = []
    /// Spans a second.
    private var total = 1.0
    /// The percentage of each policy that has one, by name.
    private var percentages: [String: Double] = [:]

    init(_ section: ConfigReader) {
        total = section.positive(
            "max_total_spans_per_second", "a limit of 0 would never let a trace in", example: "1000")
        let policies = PolicyConfig.readList("composite_sub_policy", section)
        self.policies = Self.ordered(policies, section)
        let before = section.diagnostics.all.count
        percentages = Self.percentages(policies, section)
        // Without those that are mistaken there is nothing to say of the sum.
        guard section.diagnostics.all.count == before else { return }
        if given > 100.000_001 {
            section.error("rate_allocation", "adds up to \(brief(given)) percent; must be 100 at most")
        } else if given > 99.999_999, let unpaid = policies.first(where: { percentages[$0.name] == nil }) {
            section.warning(
                "rate_allocation", "leaves nothing to `\(unpaid.name)`, which gets only what the others do not use")
        }
    }

    var needsWholeTrace: Bool { true }
    var takesAllowance: Bool { true }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy {
        let parts = PolicyParts(policies, &builder)
        let slots = (0...policies.count).map { _ in builder.slot() }
        return CompositePolicy(
            parts: parts, slots: slots, allowance: CompositeAllowance(total: total, shares: shares),
            wallTimeOffset: builder.wallTimeOffset)
    }

    /// Percent in all. Added up in the order of the policies, so that the sum is the same to the last bit every time.
    private var given: Double { policies.reduce(0) { $0 + (percentages[$1.name] ?? 0) } }

    private var shares: [Double] {
        let left = max(0, 100 - given)
        let unpaid = policies.count { percentages[$0.name] == nil }
        return policies.map { policy in
            total / 100 * (percentages[policy.name] ?? left / Double(max(1, unpaid)))
        }
    }

    private static func ordered(_ policies: [PolicyConfig], _ section: ConfigReader) -> [PolicyConfig] {
        var ordered: [PolicyConfig] = []
        for (name, node) in section.placedStrings("policy_order") {
            guard let policy = policies.first(where: { $0.name == name }) else {
                section.error(at: node, unknown(name, policies))
                continue
            }
            if ordered.contains(where: { $0.name == name }) {
                section.error(at: node, "names `\(name)` twice; once is enough")
            } else {
                ordered.append(policy)
            }
        }
        return ordered + policies.filter { policy in !ordered.contains { $0.name == policy.name } }
    }

    private static func percentages(_ policies: [PolicyConfig], _ section: ConfigReader) -> [String: Double] {
        var percentages: [String: Double] = [:]
        for allocation in section.sections("rate_allocation") {
            let name = allocation.requiredString("policy", example: policies.first?.name ?? "errors")
            let percent = allocation.positive(
                "percent", "leave the policy out to give it an equal part of what is left", example: "50")
            if name.isEmpty { continue }
            if !policies.contains(where: { $0.name == name }) {
                allocation.error("policy", unknown(name, policies))
            } else if percentages.updateValue(percent, forKey: name) != nil {
                allocation.error("policy", "`\(name)` has a percentage already; give each policy one")
            }
        }
        return percentages
    }

    private static func unknown(_ name: String, _ policies: [PolicyConfig]) -> String {
        let names = policies.map(\.name)
        if let meant = didYouMean(name, among: names) {
            return "there is no sub-policy `\(name)`; did you mean `\(meant)`?"
        }
        return "there is no sub-policy `\(name)`; there are \(names.joined(separator: ", "))"
    }
}

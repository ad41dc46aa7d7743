package import CollectorCore
import OTLPWire

/// What must hold of a simulation, one by one.
package struct Expectation: Sendable {
    enum Subject: Sendable {
        /// A number of the report, or of one policy in it.
        case measure(Measure, policy: String?, Bounds)
        case trace(TraceID, ExpectedFate)
    }

    let subject: Subject
    /// Where it stands.
    let mark: SourceMark
}

/// What is to become of a trace.
struct ExpectedFate: Sendable {
    var isKept: Bool?
    /// The policy that decides; `(none)` when none is to.
    var policy: String?

    /// `kept by errors`.
    var words: String { Self.words(isKept, policy) }

    static func words(_ isKept: Bool?, _ policy: String?) -> String {
        let decision = isKept.map { $0 ? "kept" : "dropped" } ?? "decided"
        return policy.map { "\(decision) by \($0)" } ?? decision
    }

    func admits(isKept: Bool, policy: String?) -> Bool {
        (self.isKept ?? isKept) == isKept && (self.policy ?? policy ?? "(none)") == (policy ?? "(none)")
    }
}

/// Whether one expectation holds.
package struct ExpectationResult: Sendable {
    package var mark: SourceMark
    /// What the expectation is about: `policy errors: kept_traces`, `trace "slow checkout"`.
    package var subject: String
    package var expected: String
    package var found: String
    package var holds: Bool

    /// One line, as compilers report: `file:line:column: failed: subject: found …, expected …`.
    package var description: String {
        "\(mark): \(holds ? "holds" : "failed"): \(subject): found \(found), expected \(expected)"
    }

    package var json: JSONValue {
        .object([
            ("place", .string("\(mark)")), ("subject", .string(subject)), ("expected", .string(expected)),
            ("found", .string(found)), ("holds", .bool(holds)),
        ])
    }
}

extension Expectation {
    /// Compares with what a simulation found.
    package func check(_ outcome: SimulationOutcome) -> ExpectationResult {
        switch subject {
        case .measure(let measure, let policy, let bounds): return check(measure, policy, bounds, outcome.report)
        case .trace(let trace, let fate):
            let found = outcome.fate(of: trace)
            return ExpectationResult(
                mark: mark, subject: "trace \(trace)", expected: fate.words,
                found: found.map { ExpectedFate.words($0.isKept, $0.policy ?? "(none)") }
                    ?? "no such trace in the captures",
                holds: found.map { fate.admits(isKept: $0.isKept, policy: $0.policy) } ?? false)
        }
    }

    private func check(
        _ measure: Measure, _ policy: String?, _ bounds: Bounds, _ report: SimulationReport
    ) -> ExpectationResult {
        var value: Double?
        var missing = "nothing to compare with"
        if let policy {
            let results = report.run.policies.flatMap { [$0] + $0.parts }
            let result = results.first { $0.name == policy }
            value = result.flatMap { measure.value(of: $0, in: report) }
            missing = "no policy of this name\(suggestion(for: policy, among: results.map(\.name)))"
        } else {
            value = measure.value(in: report)
        }
        return ExpectationResult(
            mark: mark, subject: (policy.map { "policy \($0): " } ?? "") + measure.rawValue, expected: bounds.words,
            found: value.map { decimal($0, digits: 3) } ?? missing, holds: value.map(bounds.admit) ?? false)
    }
}

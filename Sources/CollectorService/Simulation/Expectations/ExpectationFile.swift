// A file of expectations:
//
//     expect:
//       - kept_traces_percent: {at_most: 5}
//       - policy: errors
//         kept_traces: {at_least: 10}
//       - trace: 5b8aa5a2d2c872e8321cf37308d69df2
//         decision: kept
//         by: errors
//     traces:
//       - name: slow checkout
//         spans: [{service: shop, name: checkout, duration: 700ms}]
//         expect: {decision: kept, by: slow}

package import CollectorCore
import OTLPWire

/// The expectations of one file.
package struct ExpectationFile: Sendable {
    /// Of the captures.
    package let expectations: [Expectation]
    /// Traces written out, with what is to become of them.
    package let tests: [TraceTest]

    /// Reads a file; mistakes go to `diagnostics`, each with its place.
    ///
    /// - Parameters:
    ///   - hasBaseline: whether there is a baseline that expectations can refer to.
    ///   - hasCaptures: whether there are captures to expect something of.
    package static func load(
        path: String, hasBaseline: Bool, hasCaptures: Bool, diagnostics: Diagnostics
    ) -> ExpectationFile? {
        let text: String
        do {
            text = try readText(path: path)
        } catch {
            diagnostics.error(at: SourceMark(file: path), error.message)
            return nil
        }
        guard let root = YAMLComposer.compose(text, file: path, path: .root, diagnostics: diagnostics) else {
            return nil
        }
        let file = ExpectationFile(
            ConfigReader(root, diagnostics), hasBaseline: hasBaseline, hasCaptures: hasCaptures)
        return diagnostics.hasErrors ? nil : file
    }

    private init(_ reader: ConfigReader, hasBaseline: Bool, hasCaptures: Bool) {
        expectations = reader.sections("expect").flatMap { section in
            Self.read(section, hasBaseline: hasBaseline)
        }
        tests = reader.sections("traces").enumerated().map { TraceTest($1, number: $0 + 1) }
        if !expectations.isEmpty, !hasCaptures {
            reader.error("expect", "there is no capture to expect this of; name one on the command line")
        }
        reader.finish()
        if expectations.isEmpty, tests.isEmpty, !reader.diagnostics.hasErrors {
            reader.error(
                nil,
                "expects nothing; write `expect:` or `traces:`, for example "
                    + "`expect: [{kept_traces_percent: {at_most: 5}}]`")
        }
    }

    private static func read(_ section: ConfigReader, hasBaseline: Bool) -> [Expectation] {
        if section.has("trace") { return readTrace(section) }
        let policy = section.optionalString("policy")
        let measures = policy == nil ? Measure.ofWhole : Measure.ofPolicy
        let found = measures.compactMap { measure in
            readBounds(section, measure.rawValue).map { bounds in
                if measure.needsBaseline, !hasBaseline {
                    section.error(measure.rawValue, "compares with a baseline; name one with `--baseline`")
                }
                return Expectation(
                    subject: .measure(measure, policy: policy, bounds),
                    mark: section.node(measure.rawValue)?.mark ?? section.mark)
            }
        }
        if found.isEmpty, section.node.entries.allSatisfy({ $0.key == "policy" }) {
            let names = measures.map(\.rawValue).joined(separator: ", ")
            section.error(nil, "names nothing to measure; expected one of \(names)")
        }
        return found
    }

    private static func readTrace(_ section: ConfigReader) -> [Expectation] {
        let fate = ExpectedFate(section)
        let id = section.optional("trace") { (node) throws(ConfigMistake) in
            guard let id = TraceID(hexadecimal: try node.decodeString()) else {
                throw node.mistake(expected: "a trace id of 32 hexadecimal digits")
            }
            return id
        }
        return id.map { [Expectation(subject: .trace($0, fate), mark: section.mark)] } ?? []
    }

    /// `{at_least: 1, at_most: 5}`, `{exactly: 4}`, or the number alone.
    private static func readBounds(_ section: ConfigReader, _ key: String) -> Bounds? {
        guard let node = section.node(key), !node.isNull else { return nil }
        if case .scalar = node.value {
            return section.optionalDouble(key).map { Bounds(atLeast: $0, atMost: $0) }
        }
        let reader = section.settings(key)
        if let exact = reader.optionalDouble("exactly") {
            for other in ["at_least", "at_most"] where reader.has(other) {
                reader.error(other, "`exactly` says it all; remove one of them")
            }
            return Bounds(atLeast: exact, atMost: exact)
        }
        let bounds = Bounds(atLeast: reader.optionalDouble("at_least"), atMost: reader.optionalDouble("at_most"))
        if reader.node.entries.isEmpty {
            reader.error(nil, "expected `at_least`, `at_most` or `exactly` with a number")
        }
        if let low = bounds.atLeast, let high = bounds.atMost, low > high {
            reader.error("at_least", "must not be greater than `at_most`; no number is both")
        }
        return bounds
    }
}

extension ExpectedFate {
    private enum Verdict: String, CaseIterable {
        case kept, dropped
    }

    /// Reads `decision` and `by`, of which one must be there.
    init(_ section: ConfigReader) {
        isKept = section.optionalEnumeration("decision", as: Verdict.self).map { $0 == .kept }
        policy = section.optionalString("by")
        if !section.has("decision"), policy == nil {
            section.error(nil, "expected `decision: kept`, `decision: dropped` or `by` with the name of a policy")
        }
    }
}

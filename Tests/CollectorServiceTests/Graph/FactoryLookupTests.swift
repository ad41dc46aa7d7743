import CollectorCore
import Testing

@testable import CollectorService

@Suite struct FactoryLookupTests {
    private func problems(_ receivers: String, _ exporters: String = "{out: }", signal: String = "traces") -> [String] {
        let receiver = receivers.dropFirst().prefix { $0 != ":" }
        let exporter = exporters.dropFirst().prefix { $0 != ":" }
        return blueprint(
            """
            receivers: \(receivers)
            exporters: \(exporters)
            service: {pipelines: {\(signal): {receivers: [\(receiver)], exporters: [\(exporter)]}}}
            """, TracedFactories()
        ).1
    }

    @Test(arguments: ["{in: }", "{input: }", "{in/name: }"])
    func `a type is found by its name and its aliases`(_ receivers: String) {
        #expect(problems(receivers) == [])
    }

    @Test func `a misspelt type is named with what was meant`() {
        let found = problems("{in: }", "{tracesonyl: }")
        #expect(found.count == 1)
        #expect(found.first?.contains("unknown type `tracesonyl` of exporter; did you mean `tracesonly`?") == true)
        #expect(found.first?.contains(":2:") == true, "\(found)")
    }

    @Test func `a type that is like no other is answered with all there are`() {
        let found = problems("{in: }", "{kafka: }")
        #expect(found.first?.contains("known types: out, tracesonly") == true, "\(found)")
    }

    @Test func `a section that this build has nothing for says so`() {
        let found = blueprint(
            """
            receivers: {in: }
            exporters: {out: }
            connectors: {forward: }
            service:
              pipelines:
                traces: {receivers: [in], exporters: [forward]}
                traces/2: {receivers: [forward], exporters: [out]}
            """, TracedFactories(), hasConnectors: false
        ).1
        #expect(found.contains { $0.contains("this build has no connectors") }, "\(found)")
    }

    @Test func `a component in a pipeline of a signal it cannot do is an error at the pipeline`() {
        let found = problems("{in: }", "{tracesonly: }", signal: "metrics")
        #expect(found.count == 1)
        #expect(found.first?.contains("`tracesonly` cannot be used in pipeline `metrics`: it works on traces") == true)
    }

    @Test func `mistakes of all components are reported together`() {
        #expect(problems("{in: {a: 1}}", "{out: {b: 1}}").count == 2)
    }
}

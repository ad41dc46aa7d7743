import CollectorCore
import Testing

@testable import CollectorService

@Suite struct SimulationPlanTests {
    private func load(_ yaml: String, processor: String? = nil) -> (plan: SimulationPlan?, errors: [String]) {
        let (plan, diagnostics) = SimulationPlan.load(
            label: "new.yaml", sources: ["yaml:" + yaml], environment: ConfigEnvironment([:]), registry: .simulated,
            processor: processor)
        return (plan, diagnostics.errors.map(\.description))
    }

    private let two = """
        receivers: {in: }
        processors: {tail_sampling/a: , tail_sampling/b: {slow_ms: 1}, pass: }
        exporters: {out: }
        service:
          pipelines:
            traces/a: {receivers: [in], processors: [pass, tail_sampling/a], exporters: [out]}
            traces/b: {receivers: [in], processors: [tail_sampling/b, tail_sampling/a], exporters: [out]}
            metrics: {receivers: [in], exporters: [out]}
        """

    @Test func `the one tail sampler is found and what is left out is noted`() {
        let plan = load(samplingConfig("pass: , tail_sampling: ", "pass, tail_sampling")).plan
        #expect(plan?.sampler.description == "tail_sampling")
        #expect(plan?.stages.map(\.id.description) == ["tail_sampling"])
        #expect(plan?.notes == ["new.yaml: not simulated in pipeline `traces`: pass"])
    }

    @Test func `without a tail sampler there is nothing to simulate`() {
        #expect(
            load(samplingConfig("pass: ", "pass")).errors == [
                "new.yaml: error: no traces pipeline has a `tail_sampling` processor; there is nothing to simulate"
            ])
    }

    @Test func `of several tail samplers one must be chosen`() {
        #expect(
            load(two).errors == [
                "new.yaml: error: several tail samplers: tail_sampling/a, tail_sampling/b; choose one, for example "
                    + "`--processor tail_sampling/a`"
            ])
        let plan = load(two, processor: "tail_sampling/b").plan
        #expect(plan?.pipeline == "traces/b")
        #expect(plan?.stages.map(\.id.description) == ["tail_sampling/b"])
    }

    @Test func `one that stands in several pipelines is simulated as in the first, with a note`() {
        let plan = load(two, processor: "tail_sampling/a").plan
        #expect(plan?.pipeline == "traces/a")
        #expect(
            plan?.notes.first
                == "new.yaml: `tail_sampling/a` is simulated as in pipeline `traces/a`, not as in `traces/b`")
    }

    @Test func `a name that is not there is an error with the names that are`() {
        #expect(
            load(two, processor: "tail_sampling/c").errors == [
                "new.yaml: error: no traces pipeline has a tail sampler `tail_sampling/c`; did you mean "
                    + "`tail_sampling/a`?"
            ])
    }

    @Test func `names with dots and settings of other shards do not matter`() {
        let yaml = samplingConfig("tail_sampling/a.b: {num_shards: 9, slow_ms: 3}", "tail_sampling/a.b")
        let (plan, errors) = load(yaml)
        #expect(errors == [])
        #expect(plan?.sampler.description == "tail_sampling/a.b")
    }

    @Test func `mistakes in the configuration are reported with their places`() {
        let errors = load(samplingConfig("tail_sampling: {slow: 1}", "tail_sampling")).errors
        #expect(errors.count == 1)
        #expect(errors.first?.hasPrefix("yaml:2:30: error: processors.tail_sampling.slow: unknown key `slow`") == true)
    }
}

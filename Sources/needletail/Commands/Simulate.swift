import ArgumentParser
import CollectorCore
import CollectorService

/// `needletail simulate`: what the samplers of a configuration would have done with captured traces.
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Replay captured traces through the samplers of a configuration, days in seconds.",
        discussion: """
            Captures: files that the `file` exporter wrote (OTLP/JSON, a request a line),
            single requests as JSON or protobuf (.pb, .bin), any of these gzipped;
            `-` is standard input. Several are merged by time. A request arrives when
            the last of its spans ends; clocks that are far off are not followed.

            EXAMPLES:
              needletail simulate --config new.yaml traces.jsonl
              needletail simulate --config new.yaml --baseline old.yaml *.jsonl.gz
              needletail simulate --config new.yaml --expect policies.yaml traces.jsonl

            EXIT STATUS: 0; 1 when an expectation does not hold; 2 when a
            configuration or the expectations cannot be used, or a capture is missing
            or cannot be read to its end (see --skip-broken).
            """)

    @OptionGroup var options: ConfigOptions

    @Option(
        name: .customLong("baseline"),
        help: "A configuration to compare with, as for --config; --set does not apply to it. May repeat.")
    var baselines: [String] = []

    @Option(help: "Which tail sampler, when there are several, such as tail_sampling/checkout.")
    var processor: String?

    @Option(name: .customLong("expect"), help: "A YAML file of expectations.")
    var expectations: String?

    @Flag(help: "Go on without captures, and parts of captures, that cannot be read.")
    var skipBroken = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    @Argument(help: ArgumentHelp("Files with captured traces.", valueName: "capture"))
    var captures: [String] = []

    func validate() throws {
        if captures.isEmpty, expectations == nil {
            throw ValidationError("no capture given; name at least one, or --expect with traces of its own")
        }
    }

    func run() async throws {
        let environment = ConfigEnvironment.process
        let plan = try plan(
            options.configs, orElse: DefaultConfig.sources(environment), sets: options.sets, environment)
        let baseline = baselines.isEmpty ? nil : try self.plan(baselines, orElse: [], sets: [], environment)
        let file = try expectationFile(hasBaseline: baseline != nil)
        let log = Log(minimum: .warn)
        do {
            let simulation = Simulation(plan, baseline: baseline, log: log)
            let outcome = captures.isEmpty ? nil : try await replay(simulation)
            var results = outcome.flatMap { outcome in file?.expectations.map { $0.check(outcome) } } ?? []
            for test in file?.tests ?? [] {
                results.append(try await test.run(plan, budgetBytes: Simulation.budgetBytes, log: log))
            }
            show(outcome?.report, results)
            try refuseBroken(outcome?.report.captures)
            if results.contains(where: { !$0.holds }) { throw ExitCode(1) }
        } catch let error as ComponentError {
            Log.writeToStandardError("cannot simulate: \(error)\n")
            throw ExitCode(2)
        }
    }

    // MARK: Input

    private func plan(
        _ sources: [String], orElse builtIns: [String], sets: [String], _ environment: ConfigEnvironment
    ) throws -> SimulationPlan {
        let names = sources.map { $0.hasPrefix("yaml:") ? "yaml" : $0 } + sets.map { "--set \($0)" }
        let label = (sources.isEmpty ? ["built-in configuration"] : []) + names
        let (plan, diagnostics) = SimulationPlan.load(
            label: label.joined(separator: " + "), sources: sources.isEmpty ? builtIns : sources, sets: sets,
            environment: environment, registry: builtIn, processor: processor)
        guard let plan else { throw refusal(diagnostics) }
        return plan
    }

    private func expectationFile(hasBaseline: Bool) throws -> ExpectationFile? {
        guard let path = expectations else { return nil }
        let diagnostics = Diagnostics()
        let file = ExpectationFile.load(
            path: path, hasBaseline: hasBaseline, hasCaptures: !captures.isEmpty, diagnostics: diagnostics)
        guard let file else { throw refusal(diagnostics) }
        return file
    }

    private func refusal(_ diagnostics: Diagnostics) -> ExitCode {
        Log.writeToStandardError(diagnostics.errors.map { "\($0)\n" }.joined())
        return ExitCode(2)
    }

    private func replay(_ simulation: Simulation) async throws -> SimulationOutcome {
        let screen = SimulationScreen()
        let outcome = try await simulation.run(
            captures: captures, skipsMissing: skipBroken, problem: screen.show, progress: screen.show)
        screen.finish()
        guard !outcome.report.captures.isEmpty else {
            Log.writeToStandardError("no capture has a traces request that can be read; nothing was simulated\n")
            throw ExitCode(2)
        }
        return outcome
    }

    /// A result of half the traces is none: whoever wants it has to say so.
    private func refuseBroken(_ captures: CaptureCounts?) throws {
        guard let captures, captures.unreadable > 0, !skipBroken else { return }
        let parts = captures.unreadable == 1 ? "1 part" : "\(captures.unreadable) parts"
        Log.writeToStandardError(
            "\(parts) of the captures cannot be read: this is the result of the rest; --skip-broken accepts that\n")
        throw ExitCode(2)
    }

    // MARK: Output

    private func show(_ report: SimulationReport?, _ results: [ExpectationResult]) {
        let failures = results.filter { !$0.holds }.map { "\($0.description)\n" }.joined()
        if json {
            let value =
                report?.json(results) ?? .object([("expectations", .array(results.map(\.json)))])
            print(value.text(indented: true))
            Log.writeToStandardError(failures)
            return
        }
        if let report { print(report.table, terminator: results.isEmpty ? "" : "\n") }
        print(failures, terminator: "")
        if !results.isEmpty { print("\(results.count { $0.holds }) of \(results.count) expectations hold") }
    }
}

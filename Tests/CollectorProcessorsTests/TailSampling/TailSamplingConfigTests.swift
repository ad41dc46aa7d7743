import CollectorCore
import CollectorTestKit
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: configuration")
struct TailSamplingConfigTests {
    private func problems(_ section: TestConfig) -> [String] { TailSamplingFactory().read(section).problems }

    @Test("Defaults are the OpenTelemetry Collector's, but bytes bound the window and decisions are remembered")
    func defaults() {
        let (config, problems) = TailSamplingFactory().read(["policies": policy("always_sample")])
        #expect(problems.isEmpty)
        #expect(config.decisionWait == .seconds(30))
        #expect(config.decisionWaitAfterRoot == .zero)
        #expect(config.maximumTraces == nil)
        #expect(config.maximumTraceBytes == nil)
        let settings = WindowPlan(config, slotCount: 0, usualBytes: 1 << 30, cores: 1).settings
        #expect(
            settings.keptCacheSize == 50_000 && settings.notKeptCacheSize == 50_000 && settings.recordCount == 50_000)
        #expect(!config.blocksOnOverflow && !config.samplesOnFirstMatch && !config.dropsPendingOnShutdown)
        #expect(config.strategy == .traceComplete)
    }

    @Test("All keys are understood, runtime hints only noted")
    func allKeys() {
        let (config, problems) = TailSamplingFactory().read([
            "decision_wait": "10s", "decision_wait_after_root_received": "500ms", "num_traces": 100,
            "block_on_overflow": true, "expected_new_traces_per_sec": 10, "max_buffer_mib": 64,
            "decision_cache": ["sampled_cache_size": 5, "non_sampled_cache_size": 0], "sample_on_first_match": true,
            "drop_pending_traces_on_shutdown": true, "maximum_trace_size_bytes": 1000, "num_shards": 3,
            "policies": policy("status_code", ["status_codes": ["ERROR", "UNSET"]]),
        ])
        #expect(problems.isEmpty)
        #expect(config.maximumBufferBytes == 64 << 20)
        #expect(config.notKeptCacheSize == 0)
        #expect(config.shards == 3)
    }

    @Test("A wait after the root that never comes to an end before the other one is warned of")
    func longRootWait() {
        func warnings(_ rootWait: TestConfig) -> [String] {
            let diagnostics = Diagnostics()
            let section: TestConfig = [
                "decision_wait": "10s", "decision_wait_after_root_received": rootWait,
                "policies": policy("always_sample"),
            ]
            _ = TailSamplingFactory().readConfig(ConfigReader(.test(section), diagnostics))
            #expect(!diagnostics.hasErrors)
            return diagnostics.warnings.map { "\($0.path): \($0.message)" }
        }
        #expect(warnings("10s").isEmpty)
        let found = warnings("11s")
        #expect(found.count == 1 && found[0].hasPrefix("decision_wait_after_root_received: is longer"), "\(found)")
    }

    @Test("Sizes of any magnitude are a mistake or make a plan, but never trap")
    func hugeSizes() {
        for key in ["sampled_cache_size", "non_sampled_cache_size"] {
            let cache = TestConfig.section((key, 9_223_372_036_854_775_807))
            let found = problems(.section(("decision_cache", cache), ("policies", policy("always_sample"))))
            #expect(found.count == 1 && found.contains { $0.contains("268435456") }, "\(found)")
        }
        var config = TailSamplingFactory().read([
            "max_buffer_mib": 1_073_741_824, "maximum_trace_size_bytes": 9_223_372_036_854_775_807,
            "num_traces": 4_294_967_295, "num_shards": 256, "policies": policy("always_sample"),
        ]).config
        config.keptCacheSize = .max
        config.notKeptCacheSize = .max
        let plan = WindowPlan(config, slotCount: 0, usualBytes: .max, cores: 4)
        #expect(plan.shards == 256 && plan.bytesPerShard + plan.decisionBytesPerShard == 2 << 30)
        #expect(plan.settings.keptCacheSize > 0)
        config.maximumBufferBytes = nil
        let largest = WindowPlan(config, slotCount: 0, usualBytes: .max, cores: 4)
        #expect(largest.bytesPerShard + largest.decisionBytesPerShard == 2 << 30)
    }

    @Test("num_shards is honoured, or the log says why not")
    func shards() throws {
        func plan(_ section: TestConfig) throws -> WindowPlan {
            WindowPlan(TailSamplingFactory().read(section).config, slotCount: 0, usualBytes: 6 << 30, cores: 2)
        }
        let all = policy("always_sample")
        var found = try plan(["num_shards": 1, "policies": all])
        #expect(found.shards == 1 && found.bytesPerShard + found.decisionBytesPerShard == 2 << 30)
        #expect(found.deviations.first?.contains("1 shards hold 2048 MiB each at most") == true)
        found = try plan(["num_shards": 8, "max_buffer_mib": 4, "policies": all])
        #expect(found.shards == 4 && found.deviations.first?.contains("8 shards need 1 MiB each") == true)
        found = try plan(["num_shards": 7, "max_buffer_mib": 64, "policies": all])
        #expect(found.shards == 7 && found.deviations.isEmpty)
        found = try plan(["policies": all])
        #expect(found.shards == 3 && found.deviations.isEmpty)
        found = try plan(["num_shards": 4, "num_traces": 3, "policies": all])
        #expect(
            found.shards == 3
                && found.deviations == ["num_shards: 4 shards cannot share 3 traces (num_traces): there are 3"])
        let problems = problems(["num_shards": 1, "max_buffer_mib": 4096, "policies": all])
        #expect(problems.contains { $0.contains("at most 2048, or with a larger") }, "\(problems)")
    }

    @Test("The shards' shares of num_traces are as many as configured, whatever the shards", arguments: 1...17)
    func tracesPerShard(traces: Int) {
        for cores in 1...5 {
            let section: TestConfig = ["num_traces": .scalar("\(traces)"), "policies": policy("always_sample")]
            let config = TailSamplingFactory().read(section).config
            let plan = WindowPlan(config, slotCount: 0, usualBytes: 1 << 30, cores: cores)
            let shares = (0..<plan.shards).compactMap { plan.share(ofTraces: $0) }
            #expect(shares.count == min(cores, traces) && shares.reduce(0, +) == traces)
            #expect(shares.allSatisfy { $0 >= 1 })
        }
    }

    @Test("Decisions that there is no memory to remember are told, and what the log says is right is right")
    func decisionMemory() throws {
        for (key, cores) in [
            ("sampled_cache_size", 1), ("non_sampled_cache_size", 3), ("decision_records", 1), ("decision_records", 3),
        ] {
            func deviations(_ size: Int, mebibytes: Int) -> [String] {
                let setting = (key, TestConfig.scalar("\(size)"))
                let section: TestConfig = .section(
                    key == "decision_records" ? setting : ("decision_cache", .section(setting)),
                    ("max_buffer_mib", .scalar("\(mebibytes)")), ("policies", policy("always_sample")))
                let config = TailSamplingFactory().read(section).config
                return WindowPlan(config, slotCount: 0, usualBytes: 1 << 30, cores: cores).deviations
            }
            let found = deviations(200_000, mebibytes: 8)
            #expect(found.count == 1)
            let text = try #require(found.first)
            #expect(text.hasPrefix(key == "decision_records" ? key : "decision_cache.\(key)"))
            let numbers = text.split { !$0.isNumber }.compactMap { Int($0) }
            try #require(numbers.count == 5 && numbers[1] == numbers[4], "\(text)")
            #expect(numbers[0] == 200_000 && numbers[2] == 8)
            let (room, mebibytes) = (numbers[1], numbers[3])
            #expect(deviations(room, mebibytes: 8).isEmpty)
            #expect(deviations(200_000, mebibytes: mebibytes).isEmpty)
            #expect(!deviations(200_000, mebibytes: mebibytes - cores).isEmpty)
        }
        // What nobody has asked for is as much as there is room for.
        let config = TailSamplingFactory().read(["max_buffer_mib": 8, "policies": policy("always_sample")]).config
        #expect(WindowPlan(config, slotCount: 0, usualBytes: 1 << 30, cores: 1).deviations.isEmpty)
    }

    @Test(
        "Mistakes are named with what would be right",
        arguments: [
            ([:], "must have at least one policy"),
            (["policies": [["type": "always_sample"]]], "must be set"),
            (
                ["policies": [["name": "a", "type": "always_sample"], ["name": "a", "type": "always_sample"]]],
                "another policy is called `a`"
            ),
            (
                ["policies": [["name": "a", "type": "quantum", "quantum": ["spins": 3]]]],
                "there is no policy type `quantum`; there are adaptive, always_sample, and, boolean_attribute,"
            ),
            (["policies": [["name": "a", "type": "status_code"]]], "at least one of OK, ERROR and UNSET"),
            (
                ["policies": [["name": "a", "type": "status_code", "status_code": ["status_codes": ["BAD"]]]]],
                "`BAD` is no span status"
            ),
            (
                [
                    "policies": [
                        ["name": "a", "type": "latency", "latency": ["threshold_ms": 5, "upper_threshold_ms": 5]]
                    ]
                ], "must be greater than `threshold_ms`"
            ),
            (
                ["maximum_trace_size_bytes": 63, "policies": [["name": "a", "type": "always_sample"]]],
                "must be at least 64, or 0 for no limit"
            ),
            (["sampling_strategy": "both", "policies": [["name": "a", "type": "always_sample"]]], "trace-complete"),
            (
                [
                    "sampling_strategy": "span-ingest",
                    "policies": [
                        ["name": "a", "type": "latency", "latency": ["threshold_ms": 5, "upper_threshold_ms": 9]]
                    ],
                ], "policy `a` cannot"
            ),
        ] as [(TestConfig, String)])
    func mistakes(section: TestConfig, message: String) {
        let found = problems(section)
        #expect(found.count == 1)
        #expect(found.contains { $0.contains(message) })
    }
}

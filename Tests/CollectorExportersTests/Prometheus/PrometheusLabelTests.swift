import CollectorTestKit
import Testing

@testable import CollectorExporters

@Suite("prometheus, labels")
struct PrometheusLabelTests {
    private func labels(
        _ attributes: TestAttributes, resource: TestAttributes = [:],
        _ change: (inout PrometheusConfig) -> Void = { _ in }
    ) throws -> [String: String] {
        let harness = PrometheusHarness {
            $0.withoutScopeInfo = true
            change(&$0)
        }
        try harness.send(
            resource: resource, TestMetric("m", .gauge([TestNumberPoint(attributes: attributes, value: 1)])))
        let samples = try harness.scrape().samples("m")
        let sample = try #require(samples.first)
        return Dictionary(uniqueKeysWithValues: sample.labels.map { ($0.name, $0.value) })
    }

    @Test(
        "bad characters become one underscore, digits in front a prefix, no name is reserved (conformance 115, 176)"
    )
    func names() throws {
        let shown = try labels(["http.method": "a", "a..b": "b", "1x": "c", "a:b:c": "d", "__name__": "e", "": "f"])
        #expect(shown == ["http_method": "a", "a_b": "b", "key_1x": "c", "a_b_c": "d", "_name_": "e"])
        let harness = PrometheusHarness()
        try harness.send(
            resource: ["": "r"], TestMetric("m", .gauge([TestNumberPoint(attributes: ["": "f"], value: 1)])))
        #expect(harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": "nameless_label"]) == 2)
    }

    @Test("keys that collide are joined in the order of the keys, equal values once (conformance 116)")
    func joined() throws {
        #expect(try labels(["a_b": "under", "a.b": "dot", "a-b": "dot"]) == ["a_b": "dot;under"])
    }

    @Test("job and instance are the resource's, whatever else has these names; that is renamed and counted (117)")
    func identity() throws {
        let harness = PrometheusHarness {
            $0.withoutScopeInfo = true
            $0.constantLabels = [("job", "constant")]
        }
        let point = TestNumberPoint(attributes: ["job": "mine", "instance": "here"], value: 1)
        try harness.send(
            resource: [
                "service.name": "shop", "service.namespace": "eu", "service.instance.id": "1", "job": "theirs",
                "instance": "there",
            ], TestMetric("m", .gauge([point])))
        let exposition = try harness.scrape()
        func labels(_ name: String) -> [String: String] {
            let labels = exposition.samples(name).first?.labels ?? []
            return Dictionary(uniqueKeysWithValues: labels.map { ($0.name, $0.value) })
        }
        let identity = ["job": "eu/shop", "instance": "1"]
        #expect(labels("m") == identity.merging(["exported_job": "constant;mine", "exported_instance": "here"]) { $1 })
        #expect(
            labels("target_info") == identity.merging(["exported_job": "theirs", "exported_instance": "there"]) { $1 })
        let conflicts = { harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": $0]) }
        #expect(conflicts("renamed_label") == 5)
        #expect(conflicts("label") == 1)
    }

    @Test("without a service's name there is no other job than a point's own")
    func ownJob() throws {
        #expect(try labels(["job": "mine"]) == ["job": "mine"])
    }

    @Test("with resource attributes as labels, series and target metadata agree on job")
    func convertedJob() throws {
        let shown = try labels([:], resource: ["service.name": "shop", "job": "theirs"]) {
            $0.resourceToTelemetry.isEnabled = true
            $0.resourceToTelemetry.excludesServiceAttributes = true
        }
        #expect(shown == ["job": "shop", "exported_job": "theirs"])
    }

    @Test("an attribute named like a bucket's bound does not repeat it (conformance 117)")
    func reserved() throws {
        let harness = PrometheusHarness()
        let point = TestHistogramPoint(attributes: ["le": "x"], bounds: [1], counts: [1, 0], sum: 0.5)
        try harness.send(TestMetric("h", .histogram([point])))
        let bucket = try #require(try harness.scrape().samples("h_bucket").first)
        #expect(bucket.labels.contains { $0.name == "exported_le" && $0.value == "x" })
        #expect(bucket.labels.filter { $0.name == "le" }.count == 1)
        #expect(harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": "renamed_label"]) == 1)
    }

    @Test("empty values are no labels, and a series that differs only so is the same one (conformance 119, 120)")
    func empty() throws {
        let harness = PrometheusHarness()
        try harness.send(
            TestMetric(
                "m",
                .gauge([
                    TestNumberPoint(value: 1),
                    TestNumberPoint(attributes: ["x": ""], value: 2, time: 1_700_000_000_000_000_001),
                ])))
        #expect(try harness.scrape().samples("m").map(\.value) == [2])
        #expect(harness.context.metric("otelcol_exporter_prometheus_conflicts", ["kind": "series"]) == 1)
    }

    @Test("resource attributes become labels on request, over those of the point (conformance 125)")
    func conversion() throws {
        let shown = try labels(["room": "point", "x": "y"], resource: ["room": "resource", "service.name": "s"]) {
            $0.resourceToTelemetry.isEnabled = true
            $0.resourceToTelemetry.excludesServiceAttributes = true
        }
        #expect(shown == ["room": "resource", "x": "y", "job": "s"])
    }

    @Test(
        "one target metadata sample per job and instance, first, of the latest resource (conformance 122 to 124)"
    )
    func target() throws {
        let harness = PrometheusHarness()
        let metric = TestMetric("m", .gauge([TestNumberPoint(value: 1)]))
        try harness.send(resource: ["service.name": "shop", "service.instance.id": "1", "version": "1"], metric)
        try harness.send(resource: ["service.name": "shop", "service.instance.id": "1", "version": "2"], metric)
        let exposition = try harness.scrape()
        #expect(exposition.families.first?.name == "target")
        let samples = exposition.samples("target_info")
        #expect(samples.count == 1)
        #expect(samples.first?.labels.contains { $0.name == "version" && $0.value == "2" } == true)
        #expect(try harness.scrape(openMetrics: false)["target_info"]?.type == "gauge")
    }

    @Test("in quotes, names outside the classic alphabet keep their characters (conformance 112, 189)")
    func quoted() throws {
        let harness = PrometheusHarness { $0.translationStrategy = .noTranslation }
        try harness.send(
            TestMetric("foo.bar", .gauge([TestNumberPoint(attributes: ["x.y": "1", "x_y": "2"], value: 1)])))
        let quoted = try harness.scrape(escaping: "allow-utf-8").samples("foo.bar")
        let names: Set<String> = Set((quoted.first?.labels ?? []).map(\.name))
        #expect(names.isSuperset(of: ["x.y", "x_y"]))
        let plain = try harness.scrape().samples("foo_bar")
        #expect(plain.first?.labels.first { $0.name == "x_y" }?.value == "1;2")
    }

    @Test("no escaping makes a reserved name of a harmless one (conformance 176)", arguments: EscapingScheme.allCases)
    func reservedByEscaping(scheme: EscapingScheme) throws {
        let harness = PrometheusHarness { $0.translationStrategy = .noTranslation }
        let keys = ["._name_.", " name ", "_.x", "..le", "-", "\u{e9}\u{e9}x"]
        try harness.send(
            resource: ["service.name": "shop", "._name_.": "r"],
            TestMetric(
                "m", .gauge(keys.map { TestNumberPoint(attributes: TestAttributes([($0, .string("v"))]), value: 1) })))
        for openMetrics in [true, false] {
            let exposition = try harness.scrape(openMetrics: openMetrics, escaping: scheme.rawValue)
            // The first two look the same there.
            #expect(exposition.samples("m").count == (scheme == .underscores ? keys.count - 1 : keys.count))
            let names = exposition.families.flatMap(\.samples).flatMap(\.labels).map(\.name)
            #expect(names.filter { $0 == "__name__" || scheme != .dots && $0.hasPrefix("__") }.isEmpty)
        }
        if scheme == .underscores {
            let names = try harness.scrape().samples("m").flatMap(\.labels).map(\.name)
            #expect(Set(names).isSuperset(of: ["key__name__", "key__x", "key__le", "_"]))
        }
    }
}

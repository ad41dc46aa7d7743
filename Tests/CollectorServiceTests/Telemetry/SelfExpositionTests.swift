import CollectorCore
import CollectorTestKit
import Testing

@testable import CollectorService

@Suite struct SelfExpositionTests {
    private func text(
        _ families: [Telemetry.Family], types: Bool = true, units: Bool = true
    ) -> String {
        SelfExposition.text(
            families, .init(host: "", port: 0, withoutTypeSuffix: types, withoutUnits: units))
    }

    private func family(
        _ name: String, _ kind: Telemetry.Family.Kind, _ value: Double, _ labels: Telemetry.Labels = []
    ) -> Telemetry.Family {
        Telemetry.Family(
            name: name, help: "Help.", kind: kind, series: [.init(labels: labels, value: .number(value))])
    }

    @Test(arguments: [
        (true, true, "otelcol_process_uptime"), (false, true, "otelcol_process_uptime_total"),
        (true, false, "otelcol_process_uptime_seconds"), (false, false, "otelcol_process_uptime_seconds_total"),
    ])
    func `names carry the suffixes that were asked for`(_ types: Bool, _ units: Bool, _ name: String) {
        let shown = text([family("otelcol_process_uptime", .counter, 3)], types: types, units: units)
        #expect(shown == "# HELP \(name) Help.\n# TYPE \(name) counter\n\(name) 3\n")
    }

    @Test(arguments: [
        (0.0, "0"), (1e15, "1000000000000000"), (0.5, "0.5"), (-2, "-2"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
        (.nan, "NaN"),
    ])
    func `values are written as Prometheus reads them`(_ value: Double, _ expected: String) {
        #expect(text([family("g", .gauge, value)]).hasSuffix("\ng \(expected)\n"))
    }

    @Test func `labels and help are escaped`() {
        var odd = family("g", .gauge, 1, [("a", "q\"b\\s\nn"), ("b", "")])
        odd.help = "a\\b\n\"c\""
        #expect(
            text([odd]) == "# HELP g a\\\\b\\n\"c\"\n# TYPE g gauge\ng{a=\"q\\\"b\\\\s\\nn\",b=\"\"} 1\n")
    }

    @Test func `buckets are cumulative and end with +Inf, sum and count`() {
        let telemetry = Telemetry()
        let sizes = telemetry.histogram("sizes", "Sizes.", bounds: [1, 2.5], [("p", "x")])
        for value in [0.5, 1, 2, 9] { sizes.record(value) }
        #expect(
            text(telemetry.snapshot()) == """
                # HELP sizes Sizes.
                # TYPE sizes histogram
                sizes_bucket{p="x",le="1"} 2
                sizes_bucket{p="x",le="2.5"} 3
                sizes_bucket{p="x",le="+Inf"} 4
                sizes_sum{p="x"} 12.5
                sizes_count{p="x"} 4

                """)
    }

    @Test func `instruments of one name and labels are one, families come by name`() {
        let telemetry = Telemetry()
        telemetry.counter("b", "B.", [("x", "1")]).add(2)
        telemetry.counter("b", "B.", [("x", "1")]).add(3)
        telemetry.counter("b", "B.", [("x", "2")]).add(-1)
        telemetry.gauge("a", "A.") { 1 }
        telemetry.gauge("a", "A.") { 2 }
        #expect(
            text(telemetry.snapshot())
                == "# HELP a A.\n# TYPE a gauge\na 2\n# HELP b B.\n# TYPE b counter\nb{x=\"1\"} 5\nb{x=\"2\"} 0\n")
    }

    @Test func `the ledger shows every state of the books and the residual`() {
        let ledger = Ledger()
        let account = ledger.open(signal: .traces, branch: "pipeline traces")
        account.received.add(10)
        account.refused.add(1)
        account.forwarded.add(4)
        account.dropped("batch", "full").add(2)
        account.addHolder { 2 }
        let shown = text(ledger.families())
        let books = "needletail_ledger_items{signal=\"traces\",branch=\"pipeline traces\",state="
        for line in [
            "\"received\"} 10", "\"refused\"} 1", "\"forwarded\"} 4", "\"exposed\"} 0", "\"held\"} 2", "\"inside\"} 0",
            "\"dropped\",component=\"batch\",reason=\"full\"} 2",
        ] {
            #expect(shown.contains(books + line + "\n"), "\(line)")
        }
        #expect(shown.contains("needletail_ledger_residual{signal=\"traces\",branch=\"pipeline traces\"} 1\n"))
    }
}

import Testing

@testable import CollectorExporters

@Suite("prometheus, names of metrics")
struct MetricNamerTests {
    private func name(
        _ name: String, _ unit: String = "", _ type: NamedType = .other,
        _ strategy: TranslationStrategy = .underscoreEscapingWithSuffixes, namespace: String = ""
    ) -> String? {
        MetricNamer(strategy: strategy, namespace: namespace).name(name, unit: unit, type: type)?.text
    }

    @Test("illegal characters become one underscore per run, a leading digit gets one (conformance 96, 97)")
    func characters() {
        #expect(name("http.server.duration") == "http_server_duration")
        #expect(name("a..b__c") == "a_b_c")
        #expect(name("1st.metric") == "_1st_metric")
        #expect(name("名前.x") == "x")
        #expect(name("a:b") == "a:b")
    }

    @Test("a name without a letter or digit is none (conformance 97)", arguments: ["", "_", "...", "é"])
    func nothingLeft(text: String) {
        #expect(name(text) == nil)
        #expect(name(text, "s", .counter) == nil)
    }

    @Test("units are written out and come before the type (conformance 98, 102, 104, 105)")
    func units() {
        #expect(name("t", "s") == "t_seconds")
        #expect(name("t", "Cel") == "t_celsius")
        #expect(name("t", "%") == "t_percent")
        #expect(name("t", "m/s") == "t_meters_per_second")
        #expect(name("t", "1/s") == "t_per_second")
        #expect(name("foo_total", "By", .counter) == "foo_bytes_total")
        #expect(name("d.seconds.total", "s", .counter) == "d_seconds_total")
        #expect(name("t", "wibble", .counter) == "t_wibble_total")
    }

    @Test("annotations in braces do not count (conformance 101)")
    func annotations() {
        #expect(name("t", "{packet}") == "t")
        #expect(name("t", "By/{op}") == "t_bytes")
        #expect(name("t", "By{x}") == "t_bytes")
        #expect(name("t", "{request}/s") == "t_per_second")
    }

    @Test("a unit among the words is not added again, nor a rate at the end (conformance 98, 100)")
    func unitsAlreadyThere() {
        #expect(name("a.seconds", "s") == "a_seconds")
        #expect(name("i.seconds.count", "s") == "i_seconds_count")
        #expect(name("j.milliseconds", "s") == "j_milliseconds_seconds")
        #expect(name("k.bytes.per.second", "By/s") == "k_bytes_per_second")
    }

    @Test("gauges of unit 1 are ratios, nothing else is (conformance 103)")
    func ratios() {
        #expect(name("g", "1", .gauge) == "g_ratio")
        #expect(name("g.ratio", "1", .gauge) == "g_ratio")
        #expect(name("g", "1", .counter) == "g_total")
        #expect(name("g", "1") == "g")
    }

    @Test("strategies add suffixes, escape, both or neither (conformance 111)")
    func strategies() {
        #expect(name("foo.bar", "By", .counter, .underscoreEscapingWithoutSuffixes) == "foo_bar")
        #expect(name("a__b", "By", .counter, .underscoreEscapingWithoutSuffixes) == "a__b")
        #expect(name("foo.bar", "By", .counter, .noUTF8EscapingWithSuffixes) == "foo.bar_bytes_total")
        #expect(name("foo.bytes.total", "By", .counter, .noUTF8EscapingWithSuffixes) == "foo_bytes_total")
        #expect(name("kilobytes", "By", .gauge, .noUTF8EscapingWithSuffixes) == "kilobytes_bytes")
        #expect(name("foo.bar", "By", .counter, .noTranslation) == "foo.bar")
    }

    @Test("the namespace stands in front, legal by itself")
    func namespaces() {
        #expect(name("a", "s", .gauge, namespace: "my.app-1") == "my_app_1_a_seconds")
        #expect(name("1a", "", .gauge, namespace: "app") == "app_1a")
        #expect(
            MetricNamer(strategy: .underscoreEscapingWithSuffixes, namespace: "app").targetInfoName.text
                == "app_target_info")
    }
}

@Suite("prometheus, escaping of names")
struct EscapingSchemeTests {
    private func escaped(_ name: String, _ scheme: EscapingScheme, _ alphabet: NameAlphabet = .metric) -> String {
        scheme.escaped(Array(name.utf8), alphabet).text
    }

    @Test("classic names stay as they are in every scheme (conformance 189)", arguments: EscapingScheme.allCases)
    func classic(scheme: EscapingScheme) {
        #expect(escaped("a__b:c_total", scheme) == "a__b:c_total")
    }

    @Test("each scheme escapes as the escaping document says (conformance 189)")
    func schemes() {
        #expect(escaped("1.ü_x", .underscores) == "____x")
        #expect(escaped("foo.bar_x-y", .dots) == "foo_dot_bar__x__y")
        #expect(escaped("foo.bar_x", .values) == "U__foo_2e_bar__x")
        #expect(escaped("ünï", .values) == "U___fc_n_ef_")
        #expect(escaped("foo.bar", .allowUTF8) == "foo.bar")
        #expect(escaped("a:b", .underscores, .label) == "a_b")
    }
}

import CollectorCore
import CollectorService
import Testing

@Suite("YAML")
struct YAMLTests {
    @Test(
        "The parts of YAML that configurations use",
        arguments: [
            ("a", "a"), ("'a'", "\"a\""), ("\"a\\n\"", "\"a\n\""), ("|\n  x\n  y", "\"x\ny\""),
            (">-\n  x\n  y", "\"x y\""), ("", "null"), ("~", "null"),
            ("null", "null"), ("'null'", "\"null\""), ("''", "\"\""), ("!!str 5", "\"5\""), ("!!str", "\"\""),
            ("!!int '5'", "\"5\""), ("[a, [b]]", "[a, [b]]"),
            ("{}", "{}"), ("[]", "[]"), ("[a, , ]", nil), ("{a: , b: 1}", "{a: null, b: 1}"), ("{1: x}", "{1: x}"),
            ("{b: &x {k: 1}, c: *x}", "{b: {k: 1}, c: {k: 1}}"),
            ("{b: &x {k: 1, l: 2}, c: {<<: *x, l: 3}}", "{b: {k: 1, l: 2}, c: {l: 3, k: 1}}"),
            ("{b: &x {k: 1}, c: &y {k: 2, l: 2}, d: {<<: [*x, *y]}}", "{b: {k: 1}, c: {k: 2, l: 2}, d: {k: 1, l: 2}}"),
            ("{b: &x {k: {m: 1}}, c: {<<: *x, k: {n: 2}}}", "{b: {k: {m: 1}}, c: {k: {n: 2}}}"),
            ("{'<<': 1}", "{<<: 1}"),
        ] as [(String, String?)])
    func values(yaml: String, expected: String?) {
        #expect(loadValue(smallConfig + "value: \(yaml)").value?.flow == expected)
    }

    @Test("Aliased values have the path of where they are used and the mark of where they are written")
    func aliasPlaces() {
        let (value, _) = loadValue(smallConfig + "x-base: &b\n  k: [1]\nvalue:\n  <<: *b")
        let item = value?["k"]?.items.first
        #expect(item?.path.description == "value.k[0]")
        #expect(item?.mark == SourceMark(file: "yaml", line: 5, column: 7))
    }

    @Test("A byte order mark, CRLF line ends, comments and a document start are fine")
    func lenience() {
        let text =
            "\u{FEFF}---\r\n# comment\r\nvalue: 1 # one\r\n"
            + smallConfig.split(separator: "\n").joined(separator: "\r\n")
        #expect(loadValue(text).value?.flow == "1")
    }

    @Test(
        "Broken YAML is reported with its line and column",
        arguments: [
            (
                "a: 1\nb: [1, 2\n",
                "yaml:3:1: error: YAML syntax: did not find expected ',' or ']' while parsing a flow sequence begun in line 2"
            ),
            (
                "a: 1\n b: 2\n",
                "yaml:2:3: error: YAML syntax: mapping values are not allowed in this context; quote the value if it contains `: `"
            ),
            (
                "a:\n\tb: 1\n",
                "yaml:2:1: error: YAML syntax: found character that cannot start any token while scanning for the next token; "
                    + "indent with spaces, and quote values that begin with @, ` or %"
            ),
            (
                "a: \"x\n",
                "yaml:2:1: error: YAML syntax: found unexpected end of stream while scanning a quoted scalar begun in line 1"
            ),
            ("a: *x\n", "yaml:1:4: error: YAML syntax: found undefined alias"),
            (
                "a: 1\n---\nb: 1\n",
                "yaml:2:1: error: found a second document; use one file for each and repeat --config"
            ),
            (
                "a: 1\nb: 2\n\n# a: 0\n\"a\": 3\n",
                "yaml:5:1: error: duplicate key `a`, already in line 1; keep one of them"
            ),
            (
                "x:\n  a: 1\n  b: {a: 1}\n  a: 3\n",
                "yaml:4:3: error: duplicate key `a`, already in line 2; keep one of them"
            ),
            ("a: {b: 1, b: 2}\n", "yaml:1:5: error: duplicate key `b`, already in line 1; keep one of them"),
            ("a: x\u{1}y\n", "yaml:1:5: error: YAML syntax: control characters are not allowed"),
        ])
    func syntax(yaml: String, message: String) {
        let (config, diagnostics) = ConfigLoader.load(sources: ["yaml:" + yaml], environment: ConfigEnvironment([:]))
        #expect(config == nil)
        #expect(diagnostics.rendered == message)
    }

    @Test(
        "What is YAML but no configuration is reported where it stands",
        arguments: [
            ("value: {[a]: 1}", "yaml:4:9: error: value: expected a name as key, found a list or a map"),
            ("value: {<<: text}", "yaml:4:13: error: value: expected a map after `<<`, such as an alias of one"),
        ])
    func notOurs(yaml: String, message: String) {
        #expect(loadValue(smallConfig + yaml).diagnostics.errors.map(\.description).contains(message))
    }

    @Test("A tree of a hundred levels is read, a deeper one is refused, an absurd one too")
    func depth() {
        func nested(_ levels: Int) -> String {
            "value: " + String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        }
        #expect(loadValue(smallConfig + nested(90)).value != nil)
        #expect(
            loadValue(smallConfig + nested(101)).diagnostics.rendered
                == "yaml:4:108: error: nested deeper than 100 levels")
        #expect(loadValue(smallConfig + nested(999)).value == nil)
        #expect(loadValue(smallConfig + nested(100_000)).diagnostics.hasErrors)
        #expect(loadValue(String(repeating: "a::", count: 10_000) + "b: 1").diagnostics.hasErrors)
        #expect(
            loadValue((0..<3000).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n")).diagnostics
                .hasErrors)
    }

    @Test("An alias bomb is refused in bounded time, as values, as inherited maps and inside of keys")
    func bombs() {
        var values = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        var maps = "a0: &a0 {x: 1}\n"
        var keys = "a0: &a0 [x, x]\n"
        for level in 1...30 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10)
            values += "a\(level): &a\(level) [\(aliases.joined(separator: ", "))]\n"
            maps += "a\(level): &a\(level) {l: *a\(level - 1), r: {<<: [\(aliases.joined(separator: ", "))]}}\n"
            keys += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n"
        }
        for bomb in [values, maps] {
            let (config, diagnostics) = ConfigLoader.load(
                sources: ["yaml:" + bomb], environment: ConfigEnvironment([:]))
            #expect(config == nil)
            #expect(diagnostics.errors.map(\.message) == ["more than 100000 values, counting what aliases repeat"])
        }
        for ending in ["? *a30\n: x", "*a30 : x", "b: {[*a30]: x}", "b: {? *a30 : x}"] {
            let (config, diagnostics) = ConfigLoader.load(
                sources: ["yaml:" + keys + ending], environment: ConfigEnvironment([:]))
            #expect(config == nil)
            #expect(
                diagnostics.errors.map(\.message) == [
                    "too large, or aliases inside of keys (`? *name`), which are not supported"
                ])
        }
    }

    @Test("No truncation and no single flipped byte of a configuration crashes the loader")
    func mutations() {
        let text = """
            receivers: {otlp: {protocols: {grpc: , http: {endpoint: "${env:HOST:-localhost}:4318"}}}}
            exporters:
              debug: &d {verbosity: 'basic', headers: [{name: a, value: "\\u00e9"}]}
              debug/2: {<<: *d, timeout: 5s}
            service:
              telemetry: {logs: {level: info}, metrics: {readers: [{pull: {exporter: {prometheus: {port: 8888}}}}]}}
              pipelines: {traces: {receivers: [otlp], exporters: [debug, debug/2]}}
            """
        let bytes = Array(text.utf8)
        let environment = ConfigEnvironment(["HOST": "h"])
        var answered = 0
        for length in bytes.indices {
            let cut = String(decoding: bytes[..<length], as: UTF8.self)
            let (config, diagnostics) = ConfigLoader.load(sources: ["yaml:" + cut], environment: environment)
            answered += config != nil || diagnostics.hasErrors ? 1 : 0
        }
        var state: UInt64 = 42
        for position in bytes.indices {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            var mutated = bytes
            mutated[position] = UInt8(truncatingIfNeeded: state >> 56)
            let (config, diagnostics) = ConfigLoader.load(
                sources: ["yaml:" + String(decoding: mutated, as: UTF8.self)], environment: environment)
            answered += config != nil || diagnostics.hasErrors ? 1 : 0
        }
        #expect(answered == 2 * bytes.count)
    }
}

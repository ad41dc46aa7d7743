import CollectorCore
import Testing

private enum Compression: String, CaseIterable { case none, gzip }

@Suite("Reading a section")
struct ConfigReaderTests {
    @Test("Values of every type are read, and nothing is reported")
    func readsEveryType() {
        let tree: Tree = [
            "endpoint": "localhost:4317", "count": "10", "hex": "0x1F", "grouped": "1_000", "round": "2e3",
            "ratio": "99.5", "on": "true",
            "timeout": "1.5s", "compression": "gzip", "list": ["a", "b"], "commas": "a,b", "bounds": ["0.5", "2"],
            "spans": ["1s", "5ms"],
            "sizes": ["1", "2"], "number_as_text": "42", "upper": "GZIP",
        ]
        let (reader, diagnostics) = tree.reader()
        #expect(reader.requiredString("endpoint") == "localhost:4317")
        #expect(reader.integer("count", default: 1) == 10)
        #expect(reader.integer("hex", default: 1) == 31)
        #expect(reader.integer("grouped", default: 1) == 1000)
        #expect(reader.integer("round", default: 1) == 2000)
        #expect(reader.double("ratio", default: 0, in: 0...100) == 99.5)
        #expect(reader.bool("on", default: false))
        #expect(reader.duration("timeout", default: .zero) == .milliseconds(1500))
        #expect(reader.enumeration("compression", default: Compression.none) == .gzip)
        #expect(reader.enumeration("upper", default: Compression.none) == .gzip)
        #expect(reader.strings("list") == ["a", "b"])
        #expect(reader.strings("commas") == ["a", "b"])
        #expect(reader.doubles("bounds") == [0.5, 2])
        #expect(reader.durations("spans") == [.seconds(1), .milliseconds(5)])
        #expect(reader.integers("sizes") == [1, 2])
        #expect(reader.string("number_as_text", default: "") == "42")
        reader.finish()
        #expect(diagnostics.rendered == "")
    }

    @Test("Absent keys and keys with nothing after them give the default")
    func defaults() {
        let (reader, diagnostics) = (["a": nil, "b": nil, "c": nil, "d": nil, "e": nil] as Tree).reader()
        #expect(reader.string("a", default: "x") == "x")
        #expect(reader.integer("b", default: 3) == 3)
        #expect(reader.strings("c", default: ["y"]) == ["y"])
        #expect(reader.stringMap("d").isEmpty)
        #expect(reader.sections("e").isEmpty)
        #expect(reader.duration("absent", default: .seconds(5)) == .seconds(5))
        #expect(reader.optionalDouble("absent") == nil)
        #expect(!reader.bool("absent", default: false))
        reader.finish()
        #expect(diagnostics.rendered == "")
    }

    @Test("A mistake is reported where it stands, with what would be right, and the default is used")
    func mistakes() {
        let tree: Tree = [
            "integer": "ten", "quoted": .text("10"), "range": "70000", "atleast": "-1", "bool": "yes",
            "duration": ["5s"],
            "unit": "5", "negative": "-5s", "zero": "0s", "double": "nan", "share": "101", "choice": "gzpi",
            "string": ["a"],
        ]
        let (reader, diagnostics) = tree.reader()
        #expect(reader.integer("integer", default: 7) == 7)
        #expect(reader.integer("quoted", default: 7) == 7)
        #expect(reader.integer("range", default: 7, in: 0...65535) == 7)
        #expect(reader.integer("atleast", default: 7) == 7)
        #expect(reader.bool("bool", default: true))
        #expect(reader.duration("duration", default: .seconds(1)) == .seconds(1))
        #expect(reader.duration("unit", default: .seconds(1)) == .seconds(1))
        #expect(reader.duration("negative", default: .seconds(1)) == .seconds(1))
        #expect(reader.duration("zero", default: .seconds(1), allowsZero: false) == .seconds(1))
        #expect(reader.double("double", default: 1) == 1)
        #expect(reader.double("share", default: 1, in: 0...100) == 1)
        #expect(reader.enumeration("choice", default: Compression.none) == .none)
        #expect(reader.string("string", default: "s") == "s")
        #expect(
            diagnostics.rendered == """
                test.yaml:1:3: error: exporters.otlp.integer: expected a whole number of at least 0, found `ten`
                test.yaml:1:5: error: exporters.otlp.quoted: expected a whole number of at least 0, found the text "10"
                test.yaml:1:7: error: exporters.otlp.range: expected a whole number from 0 to 65535, found `70000`
                test.yaml:1:9: error: exporters.otlp.atleast: expected a whole number of at least 0, found `-1`
                test.yaml:1:11: error: exporters.otlp.bool: expected true or false, found `yes`
                test.yaml:1:13: error: exporters.otlp.duration: expected a duration such as 5s, found a list
                test.yaml:1:16: error: exporters.otlp.unit: expected a duration such as 5s, 300ms or 1h30m, found `5` without a unit
                test.yaml:1:18: error: exporters.otlp.negative: expected a duration that is not negative, found `-5s`
                test.yaml:1:20: error: exporters.otlp.zero: expected a duration greater than zero, found `0s`
                test.yaml:1:22: error: exporters.otlp.double: expected a number, found `nan`
                test.yaml:1:24: error: exporters.otlp.share: expected a number from 0.0 to 100.0, found `101`
                test.yaml:1:26: error: exporters.otlp.choice: expected one of none, gzip, found `gzpi`; did you mean `gzip`?
                test.yaml:1:28: error: exporters.otlp.string: expected text, found a list
                """)
    }

    @Test(
        "Numbers out of reach are mistakes, never traps",
        arguments: [
            "99999999999999999999", "1e300", "-1e300", "0x", "0xG", "1e", ".", "-", "+", "--1", "0x-1", "", "inf",
            "1.5",
        ])
    func hostileNumbers(text: String) {
        let (reader, diagnostics) = (["n": .plain(text)] as Tree).reader()
        #expect(reader.integer("n", default: 7, in: Int.min...Int.max) == 7)
        #expect(diagnostics.errors.count == 1)
    }

    @Test("A number that must be finite says so to infinities", arguments: [".inf", "-.Inf", ".NaN"])
    func finiteNumbers(text: String) {
        let (reader, diagnostics) = (["n": .plain(text)] as Tree).reader()
        #expect(reader.double("n", default: 7, in: 0...Double.greatestFiniteMagnitude) == 7)
        #expect(diagnostics.errors.map(\.message) == ["expected a finite number of at least 0.0, found `\(text)`"])
    }

    @Test("Each text of a list knows where it stands, also behind one that is none")
    func placedTexts() {
        let (reader, _) = (["list": ["a", ["x"], "b"], "commas": "c,d"] as Tree).reader()
        let placed = reader.placedStrings("list")
        #expect(placed.map(\.text) == ["a", "b"])
        #expect(placed.map { $0.node.path.steps.last } == [.index(0), .index(2)])
        #expect(reader.placedStrings("commas").map(\.text) == ["c", "d"])
    }

    @Test("The section itself being of the wrong kind is one mistake, and everything in it has its default")
    func wrongKindOfSection() {
        let (reader, diagnostics) = (["x"] as Tree).reader()
        #expect(reader.integer("a", default: 3) == 3)
        reader.finish()
        #expect(
            diagnostics.rendered == "test.yaml:1:1: error: exporters.otlp: expected a map of settings, found a list")
    }

    @Test("A required text that is missing, null, empty or mistaken is reported once")
    func requiredText() {
        let (reader, diagnostics) = (["null": nil, "empty": .text(""), "list": []] as Tree).reader()
        for key in ["absent", "null", "empty", "list"] {
            #expect(reader.requiredString(key, example: key == "absent" ? "localhost:4317" : nil) == "")
        }
        #expect(
            diagnostics.rendered == """
                test.yaml:1:1: error: exporters.otlp.absent: must be set, for example `localhost:4317`
                test.yaml:1:2: error: exporters.otlp.null: must be set
                test.yaml:1:4: error: exporters.otlp.empty: must be set
                test.yaml:1:7: error: exporters.otlp.list: expected text, found a list
                """)
    }

    @Test("Unknown keys are reported by the outermost section, also those of inner sections and of list items")
    func unknownKeys() {
        let tree: Tree = [
            "endpont": "x", "tls": ["insecur": "true"], "policies": [["name": "a", "tpye": "latency"]],
            "named": ["a": ["x": "1"]],
        ]
        let (reader, diagnostics) = tree.reader()
        _ = reader.optionalString("endpoint")
        _ = reader.settings("tls").bool("insecure", default: false)
        for policy in reader.sections("policies") { _ = (policy.requiredString("name"), policy.optionalString("type")) }
        for (_, inner) in reader.namedSections("named") { _ = inner.has("y") }
        reader.finish()
        #expect(
            diagnostics.rendered == """
                test.yaml:1:2: error: exporters.otlp.endpont: unknown key `endpont`; did you mean `endpoint`?
                test.yaml:1:6: error: exporters.otlp.tls.insecur: unknown key `insecur`; did you mean `insecure`?
                test.yaml:1:13: error: exporters.otlp.policies[0].tpye: unknown key `tpye`; did you mean `type`?
                test.yaml:1:19: error: exporters.otlp.named.a.x: unknown key `x`; known here: y
                """)
    }

    @Test("A section is there when its key is, even with nothing after it; settings are always there")
    func presence() {
        let (reader, diagnostics) = (["grpc": nil] as Tree).reader()
        #expect(reader.section("grpc")?.string("endpoint", default: "localhost:4317") == "localhost:4317")
        #expect(reader.section("http") == nil)
        #expect(reader.settings("http").integer("port", default: 4318) == 4318)
        #expect(reader.settings("http") === reader.settings("http"))
        reader.finish()
        #expect(diagnostics.rendered == "")
    }

    @Test("Headers are a map or a list of name and value, and can be secret")
    func stringMaps() {
        let tree: Tree = [
            "map": ["b": "1", "a": nil, "list": ["x"]], "list": [["name": "c", "value": "2"], ["nam": "d"]],
            "wrong": "text",
        ]
        let (reader, diagnostics) = tree.reader()
        let map = reader.stringMap("map", secret: true)
        #expect(map.map(\.name) == ["b", "a"] && map.map(\.value) == ["1", ""])
        let list = reader.stringMap("list", secret: true)
        #expect(list.map(\.name) == ["c"] && list.map(\.value) == ["2"])
        #expect(reader.stringMap("wrong").isEmpty)
        reader.finish()
        #expect(
            diagnostics.errors.map(\.message) == [
                "expected text, found a list", "must be set",
                "expected a map of names to texts, or a list of name and value, found `text`",
                "unknown key `nam`; did you mean `name`?",
            ])
        #expect(
            diagnostics.secrets.map(\.description).sorted() == [
                "exporters.otlp.list[0].value", "exporters.otlp.map.a", "exporters.otlp.map.b",
                "exporters.otlp.map.list",
            ])
    }

    @Test("A secret is read like any text and its path is remembered")
    func secrets() {
        let (reader, diagnostics) = (["password": "hunter2"] as Tree).reader()
        #expect(reader.secret("password", default: "") == "hunter2")
        #expect(reader.optionalSecret("token") == nil)
        #expect(diagnostics.secrets == [ConfigPath("exporters", "otlp", "password")])
    }

    @Test("Text that came whole from a variable is taken as it was, numbers as YAML reads them")
    func expandedText() {
        let mark = SourceMark(file: "test.yaml", line: 1, column: 1)
        let path = ConfigPath("a")
        let node = ConfigNode(.scalar("01", quoted: false), path: path, mark: mark, expandedText: "01 #2")
        let map = ConfigNode(.map([ConfigEntry(key: "a", keyMark: mark, value: node)]), path: .root, mark: mark)
        let reader = ConfigReader(map, Diagnostics())
        #expect(reader.string("a", default: "") == "01 #2")
        #expect(reader.integer("a", default: 0) == 1)
    }

    @Test("Both spellings of a renamed key work, but not together")
    func renamedKeys() {
        let (old, oldDiagnostics) = (["sizer_old": "5"] as Tree).reader()
        old.renamed("sizer_old", to: "sizer")
        #expect(old.integer("sizer", default: 1) == 5)
        old.finish()
        #expect(oldDiagnostics.rendered == "")

        let (both, diagnostics) = (["sizer_old": "5", "sizer": "6"] as Tree).reader()
        both.renamed("sizer_old", to: "sizer")
        #expect(both.integer("sizer", default: 1) == 6)
        #expect(both.integer("sizer", default: 1) == 6)
        both.finish()
        #expect(
            diagnostics.rendered
                == "test.yaml:1:2: error: exporters.otlp.sizer_old: `sizer_old` is the former name of `sizer`, which is set too; remove one of them"
        )
    }

    @Test("Runtime hints are noted once, also when read twice; unsupported keys are errors unless null")
    func hintsAndUnsupported() {
        let tree: Tree = ["check_interval": "1s", "auth": ["authenticator": "oidc"], "storage": nil]
        let diagnostics = Diagnostics()
        for _ in 1...2 {
            let reader = ConfigReader(tree.node(at: ConfigPath("p")), diagnostics)
            reader.hint("check_interval")
            reader.hint("read_buffer_size")
            reader.unsupported("auth", because: "use `headers`")
            reader.unsupported("storage", because: "queues live in memory")
            reader.finish()
        }
        #expect(
            diagnostics.rendered == """
                test.yaml:1:4: error: p.auth: not supported: use `headers`
                test.yaml:1:2: note: p.check_interval: accepted for compatibility and without effect here
                """)
    }

    @Test("Mistakes about several keys stand at the one named, or at the section")
    func crossChecks() {
        let (reader, diagnostics) = (["a": "1"] as Tree).reader()
        reader.error("a", "excludes `b`")
        reader.warning("b", "is missing")
        reader.note(nil, "is fine")
        #expect(diagnostics.hasErrors)
        #expect(
            diagnostics.rendered == """
                test.yaml:1:2: error: exporters.otlp.a: excludes `b`
                test.yaml:1:1: warning: exporters.otlp.b: is missing
                test.yaml:1:1: note: exporters.otlp: is fine
                """)
    }

    @Test("What was found is quoted in one short line")
    func clipping() {
        let (reader, diagnostics) = (["n": .text(String(repeating: "long\n", count: 100))] as Tree).reader()
        _ = reader.integer("n", default: 0)
        #expect(diagnostics.rendered.count < 200 && !diagnostics.rendered.contains("\n"))
    }
}

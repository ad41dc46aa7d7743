import CollectorCore
import CollectorService
import Testing

@Suite("Sources, merging and overrides")
struct SourcesTests {
    private func root(_ sources: [String], sets: [String] = [], environment: [String: String] = [:]) -> ConfigNode? {
        ConfigLoader.load(sources: sources, sets: sets, environment: ConfigEnvironment(environment)).config?.root
    }

    @Test(
        "Maps merge deep, everything else replaces, nothing at all included",
        arguments: [
            ("a: {x: 1, y: 2}", "a: {y: 3, z: 4}", "{a: {x: 1, y: 3, z: 4}}"), ("a: [1, 2]", "a: [3]", "{a: [3]}"),
            ("a: {b: {c: 1}}", "a: {b: {d: 2}}", "{a: {b: {c: 1, d: 2}}}"), ("a: {x: 1}", "a: text", "{a: text}"),
            ("a: text", "a: {x: 1}", "{a: {x: 1}}"),
            ("a: {x: 1}", "a:", "{a: null}"), ("a:", "a: {x: 1}", "{a: {x: 1}}"), ("a: 1", "", "{a: 1}"),
            ("", "a: 1", "{a: 1}"),
            ("a: 1", "b: 2", "{a: 1, b: 2}"), ("a::b::c: 1", "a: {b: {d: 2}}", "{a: {b: {c: 1, d: 2}}}"),
            ("{a: {x: 1}, 'a::y': 2}", "", "{a: {x: 1, y: 2}}"),
        ])
    func merging(first: String, second: String, expected: String) {
        #expect(root(["yaml:" + first, "yaml:" + second])?.flow == expected)
    }

    @Test("Files, file:, env: and yaml: are sources; later ones win, --set wins over all")
    func kinds() throws {
        let files = try ConfigFiles(["a.yaml": "a: 1\nb: 1\nc: 1\nd: 1\ne: 1", "b.yaml": "b: 2"])
        let tree = root(
            [files.path("a.yaml"), "file:" + files.path("b.yaml"), "env:EXTRA", "yaml:d: 4"], sets: ["e=5"],
            environment: ["EXTRA": "c: 3"])
        #expect(tree?.flow == "{a: 1, b: 2, c: 3, d: 4, e: 5}")
        #expect(tree?["b"]?.mark.description == files.path("b.yaml") + ":1:4")
        #expect(tree?["c"]?.mark.description == "env:EXTRA:1:4")
        #expect(tree?["e"]?.mark.description == "--set e")
        #expect(tree?["e"]?.path == ConfigPath("e"))
    }

    @Test(
        "An override names a path by dots or double colons and gives a YAML value",
        arguments: [
            ("a.b.c=1", "{a: {b: {c: 1}}}"), ("a::b::c=1", "{a: {b: {c: 1}}}"),
            ("e::otlp/x.y::z=1", "{e: {otlp/x.y: {z: 1}}}"), ("a=[1, 2]", "{a: [1, 2]}"),
            ("a={x: 1}", "{a: {x: 1}}"), ("a=", "{a: null}"), ("a=x=y", "{a: x=y}"), ("a='1'", "{a: \"1\"}"),
            ("a=${env:V}", "{a: 7}"),
        ])
    func overrides(set: String, expected: String) {
        #expect(root(["yaml:"], sets: [set], environment: ["V": "7"])?.flow == expected)
    }

    @Test(
        "Overrides that cannot be applied are reported",
        arguments: [
            (
                "a.b",
                "--set a.b: error: expected `key.path=value`, for example `--set service.telemetry.logs.level=debug`"
            ),
            (
                "=1",
                "--set =1: error: expected `key.path=value`, for example `--set service.telemetry.logs.level=debug`"
            ),
            ("a..b=1", "--set a..b=1: error: the key path `a..b` has an empty part"),
            ("a=[", "--set a: error: a: YAML syntax: did not find expected node content while parsing a flow node"),
        ])
    func mistakenOverrides(set: String, message: String) {
        let (config, diagnostics) = ConfigLoader.load(
            sources: ["yaml:" + smallConfig], sets: [set], environment: ConfigEnvironment([:]))
        #expect(config == nil)
        #expect(diagnostics.rendered == message)
    }

    @Test("An override as deep as a tree may be works; a deeper one is refused")
    func deepOverrides() {
        let deep = Array(repeating: "a", count: 99).joined(separator: ".") + "=1"
        #expect(root(["yaml:"], sets: [deep]) != nil)
        let tooDeep = Array(repeating: "a", count: 5000).joined(separator: ".") + "=1"
        #expect(root(["yaml:"], sets: [tooDeep]) == nil)
    }

    @Test("Sources that cannot be read are reported, all of them")
    func unreadable() throws {
        let files = try ConfigFiles()
        try files.write([0x61, 0x3A, 0x20, 0xFF], to: "latin1.yaml")
        let (config, diagnostics) = ConfigLoader.load(
            sources: [
                "/nonexistent.yaml", files.directory, files.path("latin1.yaml"), "env:NONE", "http://x/y", "yaml:[1]",
                "yaml:text",
            ],
            environment: ConfigEnvironment([:]))
        #expect(config == nil)
        #expect(
            diagnostics.rendered == """
                /nonexistent.yaml: error: cannot read `/nonexistent.yaml`: No such file or directory
                \(files.directory): error: cannot read `\(files.directory)`: Is a directory
                \(files.path("latin1.yaml")): error: `\(files.path("latin1.yaml"))` is not UTF-8 text
                env:NONE: error: the environment variable `NONE` is not set
                http://x/y: error: the scheme `http:` is not supported; known here: env, file, yaml
                yaml:1:1: error: expected a map of sections, found a list
                yaml:1:1: error: expected a map of sections, found `text`
                """)
    }

    @Test("A source without end is refused, and no source at all is a mistake")
    func extremes() {
        let (_, endless) = ConfigLoader.load(sources: ["/dev/zero"], environment: ConfigEnvironment([:]))
        #expect(endless.rendered == "/dev/zero: error: `/dev/zero` is larger than 4 MiB, too large for a configuration")
        let (_, none) = ConfigLoader.load(sources: [], environment: ConfigEnvironment([:]))
        #expect(none.rendered == "--config: error: no configuration given; expected at least one file")
    }

    @Test("The process's own environment is seen")
    func processEnvironment() {
        #expect(ConfigEnvironment.process["PATH"]?.isEmpty == false)
        #expect(ConfigEnvironment.process["NEEDLETAIL_NOT_SET"] == nil)
    }
}

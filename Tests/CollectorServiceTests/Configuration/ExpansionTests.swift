import CollectorCore
import CollectorService
import Testing

@Suite("Expansion of variables")
struct ExpansionTests {
    static let environment = [
        "PORT": "4317", "HOST": "collector", "YES": "true", "EMPTY": "", "LIST": "[a, b]", "MAP": "{a: 1, b: [x]}",
        "NESTED": "${env:PORT}",
        "NAME": "PORT", "KEY": "01 #2", "AT": "@secret", "QUOTED": "'8'", "COLON": "a: b: c", "DOLLAR": "a$$b$c",
        "LOOP": "${env:LOOP}",
        "LOOP2": "x${env:LOOP2}", "SELF_MAP": "{a: '${env:PORT}'}",
    ]

    @Test(
        "Every notation gives its value, typed when the reference is the whole value",
        arguments: [
            ("${env:PORT}", "4317"), ("${PORT}", "4317"), ("'${env:PORT}'", "4317"), ("\"${env:PORT}\"", "4317"),
            ("${env:YES}", "true"),
            ("${env:LIST}", "[a, b]"), ("${env:MAP}", "{a: 1, b: [x]}"), ("${env:SELF_MAP}", "{a: 4317}"),
            ("${env:NESTED}", "4317"),
            ("${env:QUOTED}", "\"8\""), ("${env:AT}", "\"@secret\""), ("${env:COLON}", "\"a: b: c\""),
            ("${env:EMPTY}", "null"),
            ("${env:NONE:-5s}", "5s"), ("${NONE:-5s}", "5s"), ("${env:PORT:-1}", "4317"), ("${env:EMPTY:-x}", "null"),
            ("${env:NONE:-}", "null"),
            ("${env:NONE:-a:-b}", "a:-b"), ("${env:NONE:-${env:PORT}}", "4317"), ("${env:${env:NAME}}", "4317"),
            ("${HOST}:${env:PORT}", "collector:4317"), ("http://${HOST}:${env:PORT}/v1", "http://collector:4317/v1"),
            ("'http://${HOST}'", "\"http://collector\""), ("a${env:EMPTY}b", "ab"), ("${env:MAP}x", "{a: 1, b: [x]}x"),
            ("$$", "$"),
            ("$${env:PORT}", "${env:PORT}"), ("$$${env:PORT}", "$4317"), ("$$$${env:PORT}", "$${env:PORT}"),
            ("a$b", "a$b"), ("$1", "$1"),
            ("a$", "a$"), ("$}", "$}"), ("${env:DOLLAR}", "a$b$c"), ("x${env:DOLLAR}", "xa$b$c"),
            ("${yaml:[1, 2]}", "[1, 2]"),
            ("[ '${env:PORT}', $$x ]", "[4317, $x]"),
            ("${env:NONE:-$$x}", "$x"), ("{a: '${env:PORT}}'}", "{a: \"4317}\"}"),
        ])
    func notations(yaml: String, expected: String) {
        let (value, diagnostics) = loadValue(
            smallConfig + "value: \(needsQuotes(yaml) ? "'\(yaml)'" : yaml)", environment: Self.environment)
        #expect(value?.flow == expected)
        #expect(diagnostics.all.allSatisfy { $0.message.hasPrefix("unknown key `value`") }, "\(diagnostics.rendered)")
    }

    /// A list inside of a reference is no plain YAML.
    private func needsQuotes(_ yaml: String) -> Bool {
        yaml.contains("[1, 2]")
    }

    @Test("Text wanted, text given: what YAML would cut or retype survives")
    func rawText() throws {
        let (value, _) = loadValue(smallConfig + "value: ${env:KEY}", environment: Self.environment)
        #expect(value?.flow == "01")
        #expect(try value?.decodeString() == "01 #2")
    }

    @Test("Keys are not expanded")
    func keys() {
        let (value, _) = loadValue(smallConfig + "value: {'${env:HOST}': 1}", environment: Self.environment)
        #expect(value?.flow == "{${env:HOST}: 1}")
    }

    @Test("An unset variable without default is empty, with a warning where it stands")
    func unset() {
        let (value, diagnostics) = loadValue(smallConfig + "value:\n  a: ${env:NONE}\n  b: x${NONE}y")
        #expect(value?.flow == "{a: null, b: xy}")
        #expect(
            diagnostics.warnings.map(\.description) == [
                "yaml:5:6: warning: value.a: environment variable `NONE` is not set, so this is empty; `${env:NONE:-…}` would give it a default",
                "yaml:6:6: warning: value.b: environment variable `NONE` is not set, so this is empty; `${env:NONE:-…}` would give it a default",
            ])
    }

    @Test(
        "Mistakes are reported where the reference stands",
        arguments: [
            ("${env:LOOP}", "`${env:LOOP}` expands into itself, or too deeply (16 levels)"),
            ("${env:LOOP2}", "`${env:LOOP2}` expands into itself, or too deeply (16 levels)"),
            (
                "${1}",
                "`1` is no name of an environment variable; expected a letter or underscore, then letters, digits and underscores "
                    + "(for a literal `${` write `$${`)"
            ),
            (
                "${env:a-b}",
                "`a-b` is no name of an environment variable; expected a letter or underscore, then letters, digits and underscores "
                    + "(for a literal `${` write `$${`)"
            ),
            ("${vault:secret}", "the scheme `vault:` is not supported; known here: env, file, yaml"),
            ("${enf:HOST}", "the scheme `enf:` is not supported; did you mean `env`?"),
            ("${file:/nonexistent/needletail}", "cannot read `/nonexistent/needletail`: No such file or directory"),
        ])
    func mistakes(yaml: String, message: String) {
        let (_, diagnostics) = loadValue(smallConfig + "value: \(yaml)", environment: Self.environment)
        #expect(
            diagnostics.errors.first { $0.path == ConfigPath("value") && !$0.message.hasPrefix("unknown") }?.message
                == message)
        #expect(diagnostics.errors.first?.mark == SourceMark(file: "yaml", line: 4, column: 8))
    }

    @Test("A reference that is never closed is kept as text, with a warning")
    func unbalanced() {
        let (value, diagnostics) = loadValue(smallConfig + "value: a${b ${env:PORT}", environment: Self.environment)
        #expect(value?.flow == "a${b 4317")
        #expect(
            diagnostics.warnings.map(\.message) == [
                "`${` without a closing brace is kept as text; write `$${` if that is meant"
            ])
    }

    @Test("The text of a file can be a value")
    func files() throws {
        let files = try ConfigFiles(["token": "s3cr3t\n"])
        let (value, _) = loadValue(smallConfig + "value: ${file:\(files.path("token"))}")
        #expect(value?.flow == "s3cr3t")
    }

    @Test("Variables that multiply each other end in an error, in bounded work")
    func bombs() {
        var environment = ["V0": String(repeating: "lol", count: 100)]
        for level in 1...14 { environment["V\(level)"] = String(repeating: "${env:V\(level - 1)}", count: 10) }
        let (_, diagnostics) = loadValue(smallConfig + "value: x${env:V14}", environment: environment)
        #expect(
            diagnostics.errors.contains { $0.path == ConfigPath("value") && $0.message == "expands to more than 1 MiB" }
        )
        let deep = String(repeating: "${env:", count: 5000) + "A" + String(repeating: "}", count: 5000)
        #expect(loadValue(smallConfig + "value: \(deep)").diagnostics.hasErrors)
        let open = String(repeating: "${", count: 500_000)
        #expect(loadValue(smallConfig + "value: \(open)").value?.flow == open)
    }
}

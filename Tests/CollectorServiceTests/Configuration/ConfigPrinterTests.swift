import CollectorCore
import CollectorService
import Testing

@Suite("print-config")
struct ConfigPrinterTests {
    private func load(_ yaml: String, environment: [String: String] = [:]) throws -> ConfigNode {
        try #require(ConfigLoader.load(sources: ["yaml:" + yaml], environment: ConfigEnvironment(environment)).config)
            .root
    }

    @Test("The merged and expanded tree is printed in block style")
    func blockStyle() throws {
        let root = try load(
            """
            receivers: {otlp: {protocols: {grpc: , http: {endpoint: "${env:H}:4318"}}}}
            processors: {t: {policies: [{name: a, n: 1, l: [x, [y]]}, z], e: {}, f: []}}
            """, environment: ["H": "localhost"])
        #expect(
            ConfigPrinter.print(root, secrets: []) == """
                receivers:
                  otlp:
                    protocols:
                      grpc:
                      http:
                        endpoint: localhost:4318
                processors:
                  t:
                    policies:
                      - name: a
                        n: 1
                        l:
                          - x
                          - - y
                      - z
                    e: {}
                    f: []

                """)
    }

    @Test("Secrets are not shown: those that readers marked, whole sections, and keys that speak for themselves")
    func secrets() throws {
        let root = try load(
            "e: {headers: {X-Key: abc}, s: {a: [1, 2]}, password: p, bearer_token: t, key_file: /k, empty: }")
        let printed = ConfigPrinter.print(
            root, secrets: [ConfigPath("e", "headers", "X-Key"), ConfigPath("e", "s"), ConfigPath("e", "empty")])
        #expect(
            printed == """
                e:
                  headers:
                    X-Key: "[REDACTED]"
                  s:
                    a:
                      - "[REDACTED]"
                      - "[REDACTED]"
                  password: "[REDACTED]"
                  bearer_token: "[REDACTED]"
                  key_file: /k
                  empty:

                """)
    }

    @Test(
        "Whatever a value is, the printed text loads to the same",
        arguments: [
            "plain", "'true'", "true", "'5'", "5", "''", "'null'", "'- x'", "'a: b'", "'a #b'",
            "\"\\t\\n\\\"\\\\\\u0001\\u2028é😀\"", "'$${env:X}'", "$$$$", "' x '",
            "'@x'", "'*x'", "'&x'", "'%x'", "'{x'", "'[x]'", "'x,y'", "http://h:1/p?q=1", "'-'", "'---'", "'...'",
            "'<<'", "{'a b': 1, '': 2, 'x:': 3, '5': 4}",
            "|\n  a\n\n  b\n", "[[], {}, [{}], null, ~]", "{a: [ {b: {c: [1]}} ]}", "1.5s", "'1.5s'", "-5", "'yes'",
            "'0x1F'", "'.5'",
        ])
    func roundTrip(value: String) throws {
        let first = try load("value: \(value)")
        let second = try load(ConfigPrinter.print(first, secrets: []))
        #expect(second.retyped == first.retyped)
    }

    @Test("Text that came from a variable is printed as the text it was")
    func expandedText() throws {
        let root = try load("value: ${env:K}", environment: ["K": "01 #2"])
        #expect(ConfigPrinter.print(root, secrets: []) == "value: \"01 #2\"\n")
    }
}

extension ConfigNode {
    /// Like `flow`, but blind to quotes where they make no difference.
    fileprivate var retyped: String {
        switch value {
        case .scalar(let text, _) where text.first?.isLetter == true && !["true", "null", "yes"].contains(text):
            "\"\(text)\""
        case .list(let items): "[" + items.map(\.retyped).joined(separator: ", ") + "]"
        case .map(let entries): "{" + entries.map { "\($0.key): \($0.value.retyped)" }.joined(separator: ", ") + "}"
        default: flow
        }
    }
}

package import CollectorCore

extension ConfigNode {
    /// A configuration section as the reader of a YAML file would make it.
    package static func test(_ value: TestConfig, path: ConfigPath = .root) -> ConfigNode {
        let mark = SourceMark(file: "test.yaml", line: 1, column: 1)
        switch value {
        case .null: return ConfigNode(.null, path: path, mark: mark)
        case .scalar(let text): return ConfigNode(.scalar(text, quoted: false), path: path, mark: mark)
        case .text(let text): return ConfigNode(.scalar(text, quoted: true), path: path, mark: mark)
        case .list(let items):
            let nodes = items.enumerated().map { test($1, path: path.appending($0)) }
            return ConfigNode(.list(nodes), path: path, mark: mark)
        case .map(let pairs):
            let entries = pairs.map { key, value in
                ConfigEntry(key: key, keyMark: mark, value: test(value, path: path.appending(key)))
            }
            return ConfigNode(.map(entries), path: path, mark: mark)
        }
    }
}

/// A section as YAML would read it: `["sampling_percentage": 25, "mode": "proportional"]`.
package indirect enum TestConfig: Sendable, ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral,
    ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral
{
    case null
    /// Not quoted: a number or a boolean where it looks like one.
    case scalar(String)
    /// Quoted.
    case text(String)
    case list([TestConfig])
    case map([(String, TestConfig)])

    package init(nilLiteral: ()) { self = .null }
    package init(stringLiteral value: String) { self = .scalar(value) }
    package init(integerLiteral value: Int) { self = .scalar(String(value)) }
    package init(floatLiteral value: Double) { self = .scalar("\(value)") }
    package init(booleanLiteral value: Bool) { self = .scalar(value ? "true" : "false") }
    package init(arrayLiteral elements: TestConfig...) { self = .list(elements) }
    package init(dictionaryLiteral elements: (String, TestConfig)...) { self = .map(elements) }
}

extension ComponentFactory {
    /// Reads a section and returns what was found wrong, rendered.
    package func read(_ section: TestConfig) -> (config: Config, problems: [String]) {
        let diagnostics = Diagnostics()
        let config = readConfig(ConfigReader(.test(section), diagnostics))
        return (config, diagnostics.errors.map(\.message))
    }
}

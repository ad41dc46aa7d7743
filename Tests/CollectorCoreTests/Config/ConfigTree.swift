import CollectorCore

/// A short notation for trees in tests. Every value stands in line 1 of `test.yaml`, in a column of its own, counted in
/// writing order.
indirect enum Tree: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral,
    ExpressibleByNilLiteral
{
    case null
    case plain(String)
    case text(String)
    case list([Tree])
    case map([(String, Tree)])

    init(stringLiteral value: String) { self = .plain(value) }
    init(dictionaryLiteral elements: (String, Tree)...) { self = .map(elements) }
    init(arrayLiteral elements: Tree...) { self = .list(elements) }
    init(nilLiteral: ()) { self = .null }

    func node(at path: ConfigPath = .root) -> ConfigNode {
        var column = 0
        return node(at: path, column: &column)
    }

    private func node(at path: ConfigPath, column: inout Int) -> ConfigNode {
        column += 1
        let mark = SourceMark(file: "test.yaml", line: 1, column: column)
        switch self {
        case .null: return ConfigNode(.null, path: path, mark: mark)
        case .plain(let text): return ConfigNode(.scalar(text, quoted: false), path: path, mark: mark)
        case .text(let text): return ConfigNode(.scalar(text, quoted: true), path: path, mark: mark)
        case .list(let items):
            var nodes: [ConfigNode] = []
            for item in items { nodes.append(item.node(at: path.appending(nodes.count), column: &column)) }
            return ConfigNode(.list(nodes), path: path, mark: mark)
        case .map(let pairs):
            var entries: [ConfigEntry] = []
            for (key, value) in pairs {
                column += 1
                let keyMark = SourceMark(file: "test.yaml", line: 1, column: column)
                let node = value.node(at: path.appending(key), column: &column)
                entries.append(ConfigEntry(key: key, keyMark: keyMark, value: node))
            }
            return ConfigNode(.map(entries), path: path, mark: mark)
        }
    }

    /// A reader over this tree, and the diagnostics it fills.
    func reader() -> (ConfigReader, Diagnostics) {
        let diagnostics = Diagnostics()
        return (ConfigReader(node(at: ConfigPath("exporters", "otlp")), diagnostics), diagnostics)
    }
}

import CollectorCore

/// One `--set a.b.c=value`, as a tree with a single leaf.
struct ConfigOverride {
    let key: String
    let text: String

    /// Keys are separated by dots or, where a component's name contains dots, by `::`. The value is YAML.
    init(_ argument: String) throws(ConfigMistake) {
        guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else {
            throw ConfigMistake("expected `key.path=value`, for example `--set service.telemetry.logs.level=debug`")
        }
        key = String(argument[..<equals])
        text = String(argument[argument.index(after: equals)...])
        guard keys.allSatisfy({ !$0.isEmpty }) else {
            throw ConfigMistake("the key path `\(key)` has an empty part")
        }
        guard keys.count <= YAMLComposer.deepest else {
            throw ConfigMistake("the key path is deeper than \(YAMLComposer.deepest) levels")
        }
    }

    private var keys: [String] {
        guard key.contains("::") else {
            return key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        }
        var keys: [String] = []
        var rest = key
        while let (first, tail) = splitKey(rest) {
            keys.append(first)
            rest = tail
        }
        return keys + [rest]
    }

    /// The tree to lay over the rest; nil after a mistake, which is then in `diagnostics`.
    func tree(diagnostics: Diagnostics) -> ConfigNode? {
        let mark = SourceMark(file: "--set \(key)")
        var paths = [ConfigPath.root]
        for key in keys { paths.append(paths[paths.count - 1].appending(key)) }
        let path = paths[paths.count - 1]
        do {
            guard var node = try YAMLComposer.compose(value: text, at: mark, path: path, diagnostics: diagnostics)
            else {
                return nil
            }
            for (key, parent) in zip(keys, paths).reversed() {
                node = ConfigNode(.map([ConfigEntry(key: key, keyMark: mark, value: node)]), path: parent, mark: mark)
            }
            return node
        } catch {
            diagnostics.error(at: mark, path: path, error.message)
            return nil
        }
    }
}

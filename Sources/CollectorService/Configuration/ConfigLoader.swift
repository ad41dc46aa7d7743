package import CollectorCore

/// From the command line's `--config` and `--set` to the configuration: read, merge, expand, check the outline.
package enum ConfigLoader {
    /// Loads everything and reports every mistake found on the way.
    ///
    /// - Parameters:
    ///   - sources: paths or URIs (`file:`, `env:`, `yaml:`); later ones are laid over earlier ones.
    ///   - sets: `key.path=value`, laid over the sources in this order.
    /// - Returns: the configuration, nil when a source could not be read at all. It may be there although there are
    ///   errors, so that the caller can let the components look at their parts and report all mistakes at once; it must
    ///   not be run then.
    package static func load(
        sources: [String], sets: [String] = [], environment: ConfigEnvironment
    ) -> (config: CollectorConfig?, diagnostics: Diagnostics) {
        let diagnostics = Diagnostics()
        let trees =
            sources.map { tree(ofSource: $0, environment: environment, diagnostics: diagnostics) }
            + sets.map { tree(ofSet: $0, diagnostics: diagnostics) }
        let readable = trees.compactMap { $0 }
        guard readable.count == trees.count, let first = readable.first else {
            if trees.isEmpty {
                diagnostics.error(
                    at: SourceMark(file: "--config"), "no configuration given; expected at least one file")
            }
            return (nil, diagnostics)
        }
        let merged = readable.dropFirst().reduce(first) { $0.merged(with: $1) }
        var expansion = ConfigExpansion(environment: environment, diagnostics: diagnostics)
        let root = expansion.expand(merged)
        return (CollectorConfig(root: root, diagnostics: diagnostics), diagnostics)
    }

    private static func tree(
        ofSource uri: String, environment: ConfigEnvironment, diagnostics: Diagnostics
    ) -> ConfigNode? {
        do throws(ConfigMistake) {
            let source = try ConfigSource(uri: uri)
            let text: String
            switch source.location {
            case .file(let path): text = try readText(path: path)
            case .inline(let yaml): text = yaml
            case .environment(let name, let fallback):
                guard let value = environment[name] ?? fallback else {
                    throw ConfigMistake("the environment variable `\(name)` is not set")
                }
                text = value
            }
            guard
                let tree = YAMLComposer.compose(text, file: source.label, path: .root, diagnostics: diagnostics)
            else { return nil }
            switch tree.value {
            case .map: return tree
            case .null: return ConfigNode(.map([]), path: .root, mark: tree.mark)
            default:
                diagnostics.error(at: tree.mark, tree.mistake(expected: "a map of sections").message)
                return nil
            }
        } catch {
            diagnostics.error(at: SourceMark(file: uri), error.message)
            return nil
        }
    }

    private static func tree(ofSet argument: String, diagnostics: Diagnostics) -> ConfigNode? {
        do {
            return try ConfigOverride(argument).tree(diagnostics: diagnostics)
        } catch {
            diagnostics.error(at: SourceMark(file: "--set \(argument)"), error.message)
            return nil
        }
    }
}

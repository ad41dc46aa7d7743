import CollectorCore

/// Replaces `${env:NAME}`, `${NAME}`, `${env:NAME:-default}`, `${file:PATH}`, `${yaml:TEXT}` and `$$` in the values of
/// a tree.
///
/// As in the OpenTelemetry Collector, a value that is one reference and nothing else is read again as YAML, so it can
/// become a number, a boolean, a list or a map; inside of longer text the reference gives text. What a reference gives
/// is expanded too. Keys are not. Expansion is bounded in depth and in work, so that variables that refer to each other
/// end in an error.
struct ConfigExpansion {
    static let deepest = 16
    static let mostReferences = 10_000
    static let longestText = 1024 * 1024

    private let environment: ConfigEnvironment
    private let diagnostics: Diagnostics
    private var referencesLeft = ConfigExpansion.mostReferences

    init(environment: ConfigEnvironment, diagnostics: Diagnostics) {
        self.environment = environment
        self.diagnostics = diagnostics
    }

    mutating func expand(_ root: ConfigNode) -> ConfigNode {
        expand(root, depth: 0)
    }

    private mutating func expand(_ node: ConfigNode, depth: Int) -> ConfigNode {
        var result = node
        switch node.value {
        case .null: break
        case .list(let items):
            result.value = .list(items.map { expand($0, depth: depth) })
        case .map(let entries):
            result.value = .map(
                entries.map { entry in
                    var entry = entry
                    entry.value = expand(entry.value, depth: depth)
                    return entry
                })
        case .scalar(let text, let quoted):
            guard text.utf8.contains(UInt8(ascii: "$")) else { break }
            let syntax = ExpansionSyntax(text)
            if case .reference(let reference) = syntax.pieces.first, syntax.pieces.count == 1 {
                return whole(reference, in: node, depth: depth)
            }
            result.value = .scalar(expand(syntax, in: node, depth: depth), quoted: quoted)
        }
        return result
    }

    /// A value that is one reference: read as YAML, which gives it its type.
    private mutating func whole(_ reference: String, in node: ConfigNode, depth: Int) -> ConfigNode {
        var result = ConfigNode(.null, path: node.path, mark: node.mark)
        guard let text = resolve(reference, in: node, depth: depth) else { return result }
        do {
            let parsed = try YAMLComposer.compose(value: text, at: node.mark, path: node.path, diagnostics: diagnostics)
            if let parsed { result = expand(parsed, depth: depth + 1) }
        } catch {
            // What is no YAML, such as a password that begins with @, is meant as text.
            result.value = .scalar(expand(ExpansionSyntax(text), in: node, depth: depth + 1), quoted: true)
        }
        result.expandedText = expand(ExpansionSyntax(text), in: node, depth: depth + 1)
        return result
    }

    private mutating func expand(_ syntax: ExpansionSyntax, in node: ConfigNode, depth: Int) -> String {
        if syntax.isUnbalanced {
            diagnostics.warning(
                at: node.mark, path: node.path,
                "`${` without a closing brace is kept as text; write `$${` if that is meant")
        }
        var expanded = ""
        for piece in syntax.pieces {
            switch piece {
            case .literal(let text): expanded += text
            case .reference(let reference):
                guard let text = resolve(reference, in: node, depth: depth) else { continue }
                expanded += expand(ExpansionSyntax(text), in: node, depth: depth + 1)
            }
            guard expanded.utf8.count <= Self.longestText else {
                referencesLeft = 0
                diagnostics.error(at: node.mark, path: node.path, "expands to more than 1 MiB")
                return ""
            }
        }
        return expanded
    }

    /// What a reference stands for, not yet expanded; nil when that is nothing or a mistake.
    private mutating func resolve(_ reference: String, in node: ConfigNode, depth: Int) -> String? {
        guard depth < Self.deepest, referencesLeft > 0 else {
            diagnostics.error(
                at: node.mark, path: node.path,
                "`${\(reference.clipped)}` expands into itself, or too deeply (\(Self.deepest) levels)")
            return nil
        }
        referencesLeft -= 1
        do {
            let name = expand(ExpansionSyntax(reference), in: node, depth: depth + 1)
            let source = try ConfigSource(reference: name)
            switch source.location {
            case .inline(let yaml): return yaml
            case .file(let path): return try readText(path: path)
            case .environment(let variable, let fallback):
                if let value = environment[variable] ?? fallback { return value }
                diagnostics.warning(
                    at: node.mark, path: node.path,
                    "environment variable `\(variable)` is not set, so this is empty; "
                        + "`${env:\(variable):-…}` would give it a default")
                return nil
            }
        } catch {
            diagnostics.error(at: node.mark, path: node.path, error.message)
            return nil
        }
    }
}

import CollectorCore
import Yams

/// Turns YAML text into a configuration tree.
///
/// The parser gives text and marks only; which plain scalar is a number is decided where the value is used, so its
/// resolver stays off (it would also cost a regular expression per key). Aliases arrive as copies, so the tree is built
/// under a budget: depth and number of nodes are bounded whatever the text says.
struct YAMLComposer {
    static let deepest = 100
    static let mostNodes = 100_000

    private let diagnostics: Diagnostics
    private let file: String
    /// Where everything stands, for text that is not a file: the place of the `${…}` or of the command line it came
    /// from.
    private let fixedMark: SourceMark?
    private var nodesLeft = YAMLComposer.mostNodes
    private var gaveUp = false

    /// Parses text from a source with lines of its own. Nil after a mistake, which is then in `diagnostics`. Empty text
    /// is null.
    static func compose(_ text: String, file: String, path: ConfigPath, diagnostics: Diagnostics) -> ConfigNode? {
        var composer = YAMLComposer(diagnostics: diagnostics, file: file, fixedMark: nil)
        do {
            return composer.finish(try parse(text), path: path)
        } catch {
            let (mark, message) = explain(error, file: file, text: text)
            diagnostics.error(at: mark, message)
            return nil
        }
    }

    /// Parses a value given at one place: an expanded variable or a `--set`. Throws when the text is no YAML; nil after
    /// other mistakes.
    static func compose(
        value text: String, at mark: SourceMark, path: ConfigPath, diagnostics: Diagnostics
    ) throws(ConfigMistake) -> ConfigNode? {
        var composer = YAMLComposer(diagnostics: diagnostics, file: mark.file, fixedMark: mark)
        do {
            return composer.finish(try parse(text), path: path)
        } catch {
            throw ConfigMistake(explain(error, file: mark.file, text: text).message)
        }
    }

    private static func parse(_ text: String) throws -> Node? {
        guard text.utf8.count <= ConfigSource.largestText, !hidesAliasesInKeys(text) else { throw TooCostly() }
        // The encoding is given, so the parser looks for no byte order mark.
        let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        return try Yams.compose(yaml: text, .basic, .default, .utf8)
    }

    private mutating func finish(_ root: Node?, path: ConfigPath) -> ConfigNode? {
        let start = fixedMark ?? SourceMark(file: file, line: 1, column: 1)
        guard let root else { return ConfigNode(.null, path: path, mark: start) }
        let node = node(root, path: path, depth: path.steps.count)
        return gaveUp ? nil : node
    }

    private mutating func node(_ node: Node, path: ConfigPath, depth: Int) -> ConfigNode {
        let mark = mark(of: node)
        guard claim(mark, path: path, depth: depth) else { return ConfigNode(.null, path: path, mark: mark) }
        switch node {
        case .scalar(let scalar):
            return ConfigNode(value(of: scalar), path: path, mark: mark)
        case .sequence(let sequence):
            var items: [ConfigNode] = []
            for item in sequence where !gaveUp {
                items.append(self.node(item, path: path.appending(items.count), depth: depth + 1))
            }
            return ConfigNode(.list(items), path: path, mark: mark)
        case .mapping(let mapping):
            return ConfigNode(.map(entries(of: mapping, path: path, depth: depth)), path: path, mark: mark)
        case .alias:
            // The parser resolves aliases itself; a tree built otherwise has no business here.
            return ConfigNode(.null, path: path, mark: mark)
        }
    }

    private func value(of scalar: Node.Scalar) -> ConfigNode.Value {
        let isText =
            scalar.tag.rawValue == Tag.Name.str.rawValue || (scalar.style != .plain && scalar.style != .any)
        if !isText, ["", "~", "null", "Null", "NULL"].contains(scalar.string) { return .null }
        return .scalar(scalar.string, quoted: isText)
    }

    private mutating func entries(of mapping: Node.Mapping, path: ConfigPath, depth: Int) -> [ConfigEntry] {
        var map = EntryList()
        var inherited: [Node] = []
        for (keyNode, valueNode) in mapping where !gaveUp {
            let keyMark = mark(of: keyNode)
            guard case .scalar(let key) = keyNode else {
                diagnostics.error(at: keyMark, path: path, "expected a name as key, found a list or a map")
                continue
            }
            if key.string == "<<", key.style == .plain {
                if case .sequence(let nodes) = valueNode { inherited += nodes } else { inherited.append(valueNode) }
                continue
            }
            map.insert(entry(key.string, keyMark, valueNode, path: path, depth: depth))
        }
        // What is written in the map itself wins over what it inherits, and earlier sources over later ones.
        for source in inherited where !gaveUp {
            guard case .map(let entries) = node(source, path: path, depth: depth).value else {
                diagnostics.error(
                    at: mark(of: source), path: path, "expected a map after `<<`, such as an alias of one")
                continue
            }
            for entry in entries { map.inherit(entry) }
        }
        return map.entries
    }

    /// `a::b: v` means `a: {b: v}`, as everywhere in the collector's configuration.
    private mutating func entry(
        _ key: String, _ keyMark: SourceMark, _ valueNode: Node, path: ConfigPath, depth: Int
    ) -> ConfigEntry {
        guard let (first, rest) = splitKey(key) else {
            let value = node(valueNode, path: path.appending(key), depth: depth + 1)
            return ConfigEntry(key: key, keyMark: keyMark, value: value)
        }
        let inner = path.appending(first)
        guard claim(keyMark, path: inner, depth: depth + 1) else {
            return ConfigEntry(key: first, keyMark: keyMark, value: ConfigNode(.null, path: inner, mark: keyMark))
        }
        let entry = entry(rest, keyMark, valueNode, path: inner, depth: depth + 1)
        return ConfigEntry(key: first, keyMark: keyMark, value: ConfigNode(.map([entry]), path: inner, mark: keyMark))
    }

    private mutating func claim(_ mark: SourceMark, path: ConfigPath, depth: Int) -> Bool {
        guard !gaveUp else { return false }
        if depth > Self.deepest {
            diagnostics.error(at: mark, "nested deeper than \(Self.deepest) levels")
            gaveUp = true
        } else if nodesLeft == 0 {
            diagnostics.error(at: mark, "more than \(Self.mostNodes) values, counting what aliases repeat")
            gaveUp = true
        }
        nodesLeft -= gaveUp ? 0 : 1
        return !gaveUp
    }

    private func mark(of node: Node) -> SourceMark {
        if let fixedMark { return fixedMark }
        return SourceMark(file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }
}

/// Splits at the first `::`; nil when there is none with something on both sides.
func splitKey(_ key: String) -> (first: String, rest: String)? {
    guard let separator = key.indices.first(where: { key[$0...].hasPrefix("::") }) else { return nil }
    let rest = key[separator...].dropFirst(2)
    guard separator > key.startIndex, !rest.isEmpty else { return nil }
    return (String(key[..<separator]), String(rest))
}

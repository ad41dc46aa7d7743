/// Reads one section of the configuration, key by key, and remembers which keys were asked for.
///
/// A component's config type takes a reader, asks for each of its keys with the default, and calls `finish()` once at
/// the end, which reports every key nobody asked for. Mistakes go to `diagnostics` and the default is returned, so
/// reading goes on and one run reports them all. Asking for a key is what makes it known: ask for all of them, also
/// when a value turns out not to matter.
///
///     let reader = ConfigReader(node, diagnostics)
///     endpoint = reader.requiredString("endpoint")
///     timeout = reader.duration("timeout", default: .seconds(5))
///     queue = reader.settings("sending_queue").integer("queue_size", default: 1000, in: 1...Int.max)
///     reader.finish()
///
/// A key with nothing after it counts as left at its default. Confined to the thread that reads.
package final class ConfigReader {
    package let node: ConfigNode
    package let diagnostics: Diagnostics
    private let entries: [String: ConfigEntry]
    private var knownKeys: Set<String> = []
    /// Old spelling of a key, by its current one.
    private var formerNames: [String: String] = [:]
    private var childrenByKey: [String: ConfigReader] = [:]
    private var children: [ConfigReader] = []

    /// A section that is null is one with all defaults; a list or a single value in its place is a mistake.
    package init(_ node: ConfigNode, _ diagnostics: Diagnostics) {
        self.node = node
        self.diagnostics = diagnostics
        switch node.value {
        case .map(let entries):
            self.entries = Dictionary(entries.map { ($0.key, $0) }) { first, _ in first }
        case .null:
            entries = [:]
        case .scalar, .list:
            entries = [:]
            diagnostics.error(at: node.mark, path: node.path, node.mistake(expected: "a map of settings").message)
        }
    }

    package var path: ConfigPath { node.path }
    package var mark: SourceMark { node.mark }

    /// Whether the key is written, even with nothing after it.
    package func has(_ key: String) -> Bool {
        entry(key) != nil
    }

    /// The value under the key; nil when the key is absent.
    package func node(_ key: String) -> ConfigNode? {
        entry(key)?.value
    }

    /// Accepts the former name of a key beside its current one. Call before the key is read.
    package func renamed(_ former: String, to current: String) {
        formerNames[current] = former
    }

    /// Decodes the value under the key; nil when absent, null or mistaken. A mistake is reported.
    package func optional<T>(_ key: String, _ decode: (ConfigNode) throws(ConfigMistake) -> T) -> T? {
        guard let value = entry(key)?.value, !value.isNull else { return nil }
        do {
            return try decode(value)
        } catch {
            diagnostics.error(at: value.mark, path: value.path, error.message)
            return nil
        }
    }

    /// Reports a mistake that is not about one value alone, such as two keys that exclude each other: at the key if it
    /// is written, else (and for nil) at the section.
    package func error(_ key: String?, _ message: String) {
        let (mark, path) = place(of: key)
        diagnostics.error(at: mark, path: path, message)
    }

    /// Reports a mistake in one value, such as an item of a list.
    package func error(at value: ConfigNode, _ message: String) {
        diagnostics.error(at: value.mark, path: value.path, message)
    }

    /// Like `error`, for what is probably not meant but works.
    package func warning(_ key: String?, _ message: String) {
        let (mark, path) = place(of: key)
        diagnostics.warning(at: mark, path: path, message)
    }

    /// Like `error`, for what is worth knowing.
    package func note(_ key: String?, _ message: String) {
        let (mark, path) = place(of: key)
        diagnostics.note(at: mark, path: path, message)
    }

    /// Reports every key of this section, and of the sections read through it, that nobody asked for. Call once, at the
    /// end.
    package func finish() {
        for entry in node.entries where !knownKeys.contains(entry.key) {
            let path = node.path.appending(entry.key)
            let hint = suggestion(for: entry.key, among: Array(knownKeys))
            diagnostics.error(at: entry.keyMark, path: path, "unknown key `\(entry.key)`\(hint)")
        }
        for child in children { child.finish() }
    }

    /// The reader of the section under the key, the same one each time; over an empty section when the key is absent.
    func child(_ key: String) -> ConfigReader {
        let entry = entry(key)
        if let known = childrenByKey[key] { return known }
        let node = entry?.value ?? ConfigNode(.null, path: node.path.appending(key), mark: node.mark)
        let child = adopt(node)
        childrenByKey[key] = child
        return child
    }

    /// A reader of a value inside this section that `finish()` will check too.
    func adopt(_ node: ConfigNode) -> ConfigReader {
        let child = ConfigReader(node, diagnostics)
        children.append(child)
        return child
    }

    func entry(_ key: String) -> ConfigEntry? {
        knownKeys.insert(key)
        let current = entries[key]
        guard let former = formerNames[key] else { return current }
        let previous = entries[former]
        if let previous, current != nil, !knownKeys.contains(former) {
            diagnostics.error(
                at: previous.keyMark, path: node.path.appending(former),
                "`\(former)` is the former name of `\(key)`, which is set too; remove one of them")
        }
        knownKeys.insert(former)
        return current ?? previous
    }

    private func place(of key: String?) -> (SourceMark, ConfigPath) {
        guard let key else { return (node.mark, node.path) }
        return (entries[key]?.keyMark ?? node.mark, node.path.appending(key))
    }
}

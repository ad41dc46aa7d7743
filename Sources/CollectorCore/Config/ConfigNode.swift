/// One value of the configuration tree, with its path and the place where it was written.
///
/// The tree is what YAML files, `${env:…}` expansion, merging and `--set` leave behind. It knows nothing of what a
/// value is for: components give it meaning through `ConfigReader`.
package struct ConfigNode: Sendable {
    package indirect enum Value: Sendable {
        /// Nothing was written (`otlp:`), or `null` or `~`. Where a section is expected, it means the section with its
        /// defaults.
        case null
        /// Any single value, as written. A quoted one is text and never a number or a boolean.
        case scalar(String, quoted: Bool)
        case list([ConfigNode])
        /// Keys in the order of the file, each once.
        case map([ConfigEntry])
    }

    package var value: Value
    package var path: ConfigPath
    package var mark: SourceMark
    /// The unparsed text, when the whole value came from one expansion such as `${env:API_KEY}`. Whoever wants text
    /// takes this, so that a key like `01 #2` survives although YAML would read it as something else.
    package var expandedText: String?

    package init(_ value: Value, path: ConfigPath, mark: SourceMark, expandedText: String? = nil) {
        self.value = value
        self.path = path
        self.mark = mark
        self.expandedText = expandedText
    }

    package var isNull: Bool {
        if case .null = value { true } else { false }
    }

    /// The entries of a map; nothing for any other value.
    package var entries: [ConfigEntry] {
        if case .map(let entries) = value { entries } else { [] }
    }

    /// The items of a list; nothing for any other value.
    package var items: [ConfigNode] {
        if case .list(let items) = value { items } else { [] }
    }

    /// The value under `key` of a map; nil for absent keys and for any other value.
    package subscript(key: String) -> ConfigNode? {
        entries.first { $0.key == key }?.value
    }

    /// What stands here, for the "found …" half of a message.
    package var found: String {
        switch value {
        case .null: "nothing"
        case .list: "a list"
        case .map: "a map"
        case .scalar(let text, quoted: true): "the text \"\(text.clipped)\""
        case .scalar(let text, quoted: false): "`\(text.clipped)`"
        }
    }
}

/// One `key: value` of a map.
package struct ConfigEntry: Sendable {
    package var key: String
    /// Where the key stands; the value's own mark may be lines below, or in another place when it came by an alias.
    package var keyMark: SourceMark
    package var value: ConfigNode

    package init(key: String, keyMark: SourceMark, value: ConfigNode) {
        self.key = key
        self.keyMark = keyMark
        self.value = value
    }
}

extension String {
    /// At most 60 characters of the text, so that a message stays one readable line.
    package var clipped: String {
        let head = prefix(60)
        let line = String(head.map { $0.isNewline ? " " : $0 })
        return head.endIndex < endIndex ? line + "…" : line
    }
}

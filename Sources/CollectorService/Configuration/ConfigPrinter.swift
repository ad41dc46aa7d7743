package import CollectorCore

/// Writes a configuration tree as YAML, for `print-config`: what merging, expansion and overrides have made of it.
///
/// The text loads again to the same tree, except for secrets, which read `[REDACTED]`.
package struct ConfigPrinter {
    private let secrets: Set<ConfigPath>

    /// - Parameter secrets: what readers marked; see `Diagnostics.secrets`. Values under keys that speak for themselves
    ///   (`password`, `token`, …) are hidden as well, so nothing leaks from components that were never read.
    package static func print(_ root: ConfigNode, secrets: Set<ConfigPath>) -> String {
        ConfigPrinter(secrets: secrets).lines(of: root, isSecret: false).map { $0 + "\n" }.joined()
    }

    /// The lines of a map or a list that has items, from the left margin.
    private func lines(of node: ConfigNode, isSecret: Bool) -> [String] {
        var lines: [String] = []
        for entry in node.entries {
            let key = yaml(key: entry.key)
            let isSecret = isSecret || secrets.contains(entry.value.path) || speaksForItself(entry.key)
            if entry.value.isBlock {
                lines.append("\(key):")
                lines += self.lines(of: entry.value, isSecret: isSecret).map { "  " + $0 }
            } else {
                lines.append(entry.value.isNull ? "\(key):" : "\(key): \(inline(entry.value, isSecret: isSecret))")
            }
        }
        for item in node.items {
            let isSecret = isSecret || secrets.contains(item.path)
            let body = item.isBlock ? self.lines(of: item, isSecret: isSecret) : [inline(item, isSecret: isSecret)]
            lines += body.enumerated().map { ($0.offset == 0 ? "- " : "  ") + $0.element }
        }
        return lines
    }

    private func inline(_ node: ConfigNode, isSecret: Bool) -> String {
        switch node.value {
        case .null: "null"
        case .list: "[]"
        case .map: "{}"
        case .scalar where isSecret: "\"[REDACTED]\""
        case .scalar(let text, let isText):
            // What came from a variable is read as text or as YAML, whichever is wanted; if these differ, the text is
            // what was meant.
            if let whole = node.expandedText, whole != text {
                yaml(scalar: whole, isText: true)
            } else {
                yaml(scalar: text, isText: isText)
            }
        }
    }
}

extension ConfigNode {
    /// Takes lines of its own.
    fileprivate var isBlock: Bool {
        !entries.isEmpty || !items.isEmpty
    }
}

/// Whether a key names a secret whatever component it belongs to.
private func speaksForItself(_ key: String) -> Bool {
    let name = key.lowercased()
    return ["password", "secret", "token", "api_key", "api-key", "apikey", "authorization", "key_pem"].contains {
        name.hasSuffix($0)
    }
}

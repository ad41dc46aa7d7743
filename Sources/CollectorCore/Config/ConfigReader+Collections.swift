// Lists and maps of values. A mistaken item is reported and left out; the others count.
extension ConfigReader {
    /// A list of texts; one text with commas (`a,b`) is a list too, as in the OpenTelemetry Collector.
    package func strings(_ key: String, default fallback: [String] = []) -> [String] {
        guard let node = present(key) else { return fallback }
        if case .scalar = node.value, let text = optionalString(key) {
            return text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        return decodeList(node, of: "texts") { (item) throws(ConfigMistake) in try item.decodeString() }
    }

    /// The same with the value that each text comes from, for messages about one of them.
    package func placedStrings(_ key: String) -> [(text: String, node: ConfigNode)] {
        guard let node = present(key) else { return [] }
        if case .scalar = node.value { return strings(key).map { ($0, node) } }
        return decodeList(node, of: "texts") { (item) throws(ConfigMistake) in (try item.decodeString(), item) }
    }

    package func integers(
        _ key: String, default fallback: [Int] = [], in range: ClosedRange<Int> = Int.min...Int.max
    ) -> [Int] {
        guard let node = present(key) else { return fallback }
        return decodeList(node, of: "whole numbers") { (item) throws(ConfigMistake) in try item.decodeInteger(in: range)
        }
    }

    package func doubles(
        _ key: String, default fallback: [Double] = [], in range: ClosedRange<Double> = Double.anyFinite
    ) -> [Double] {
        guard let node = present(key) else { return fallback }
        return decodeList(node, of: "numbers") { (item) throws(ConfigMistake) in try item.decodeDouble(in: range) }
    }

    package func durations(_ key: String, default fallback: [Duration] = []) -> [Duration] {
        guard let node = present(key) else { return fallback }
        return decodeList(node, of: "durations") { (item) throws(ConfigMistake) in try item.decodeDuration() }
    }

    /// The items of a list, undecoded; empty when the key is absent or null.
    package func list(_ key: String) -> [ConfigNode] {
        guard let node = present(key) else { return [] }
        guard case .list(let items) = node.value else {
            diagnostics.error(at: node.mark, path: node.path, node.mistake(expected: "a list").message)
            return []
        }
        return items
    }

    /// The entries of a map whose keys are names of the user's choice; empty when the key is absent or null.
    package func map(_ key: String) -> [ConfigEntry] {
        guard let node = present(key) else { return [] }
        guard case .map(let entries) = node.value else {
            diagnostics.error(at: node.mark, path: node.path, node.mistake(expected: "a map").message)
            return []
        }
        return entries
    }

    /// Names with texts, such as headers or labels, in file order: a map, or a list of `{name: …, value: …}`.
    ///
    /// With `secret: true` no value is shown by `print-config`.
    package func stringMap(_ key: String, secret: Bool = false) -> [(name: String, value: String)] {
        guard let node = present(key) else { return [] }
        switch node.value {
        case .map(let entries):
            return entries.compactMap { entry in
                if secret { diagnostics.markSecret(entry.value.path) }
                if entry.value.isNull { return (entry.key, "") }
                return decode(entry.value) { (value) throws(ConfigMistake) in try value.decodeString() }
                    .map { (entry.key, $0) }
            }
        case .list(let items):
            return items.compactMap { item in
                let reader = adopt(item)
                let before = diagnostics.all.count
                let name = reader.requiredString("name")
                let value = secret ? reader.secret("value", default: "") : reader.string("value", default: "")
                return diagnostics.all.count == before ? (name, value) : nil
            }
        default:
            let mistake = node.mistake(expected: "a map of names to texts, or a list of name and value")
            diagnostics.error(at: node.mark, path: node.path, mistake.message)
            return []
        }
    }

    private func present(_ key: String) -> ConfigNode? {
        guard let node = node(key), !node.isNull else { return nil }
        return node
    }

    private func decodeList<T>(
        _ node: ConfigNode, of what: String, _ decodeItem: (ConfigNode) throws(ConfigMistake) -> T
    ) -> [T] {
        guard case .list(let items) = node.value else {
            diagnostics.error(at: node.mark, path: node.path, node.mistake(expected: "a list of \(what)").message)
            return []
        }
        return items.compactMap { decode($0, decodeItem) }
    }

    private func decode<T>(_ node: ConfigNode, _ decode: (ConfigNode) throws(ConfigMistake) -> T) -> T? {
        do {
            return try decode(node)
        } catch {
            diagnostics.error(at: node.mark, path: node.path, error.message)
            return nil
        }
    }
}

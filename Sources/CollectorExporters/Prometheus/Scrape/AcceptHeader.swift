/// One entry of an `Accept` or `Accept-Encoding` header.
struct AcceptEntry: Equatable {
    /// Lower case.
    var value: String
    /// Lower-case names, values as sent.
    var parameters: [String: String]
    /// 0 to 1; 0 means that this is not wanted.
    var quality: Double

    /// The entries that are wanted, best first; equal ones in the order they are listed (conformance 184).
    static func wanted(_ header: String) -> [AcceptEntry] {
        let entries = all(header).filter { $0.quality > 0 }
        return entries.enumerated().sorted { left, right in
            (right.element.quality, left.offset) < (left.element.quality, right.offset)
        }.map(\.element)
    }

    /// All entries in order. One whose quality is no number counts as fully wanted.
    static func all(_ header: String) -> [AcceptEntry] {
        header.split(separator: ",").compactMap { part in
            let fields = part.split(separator: ";").map { $0.trimmed }
            guard let value = fields.first, !value.isEmpty else { return nil }
            var entry = AcceptEntry(value: value.lowercased(), parameters: [:], quality: 1)
            for field in fields.dropFirst() {
                let pair = field.split(separator: "=", maxSplits: 1).map { $0.trimmed }
                guard pair.count == 2 else { continue }
                entry.parameters[pair[0].lowercased()] = pair[1].unquoted
            }
            entry.quality = min(1, max(0, entry.parameters["q"].flatMap(Double.init) ?? 1))
            return entry
        }
    }
}

extension StringProtocol {
    fileprivate var trimmed: String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        let start = drop(while: isBlank)
        guard let last = start.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(start[...last])
    }

    fileprivate var unquoted: String {
        count >= 2 && first == "\"" && last == "\"" ? String(dropFirst().dropLast()) : String(self)
    }
}

import CollectorCore

/// The entries of a map while it is put together: ordered, each key once, found in constant time.
struct EntryList {
    private(set) var entries: [ConfigEntry] = []
    private var positions: [String: Int] = [:]

    init(_ entries: [ConfigEntry] = []) {
        for entry in entries { insert(entry) }
    }

    /// Adds an entry; under a key that is there already, maps merge and anything else is replaced.
    mutating func insert(_ entry: ConfigEntry) {
        guard let position = positions[entry.key] else {
            positions[entry.key] = entries.count
            entries.append(entry)
            return
        }
        entries[position].value = entries[position].value.merged(with: entry.value)
        entries[position].keyMark = entry.keyMark
    }

    /// Adds an entry unless its key is there already.
    mutating func inherit(_ entry: ConfigEntry) {
        if positions[entry.key] == nil { insert(entry) }
    }
}

extension ConfigNode {
    /// This tree with a later one laid over it: maps merge deep, everything else (lists, nothing at all) replaces what
    /// was there.
    func merged(with later: ConfigNode) -> ConfigNode {
        guard case .map(let mine) = value, case .map(let theirs) = later.value else { return later }
        var list = EntryList(mine)
        for entry in theirs { list.insert(entry) }
        var merged = self
        merged.value = .map(list.entries)
        return merged
    }
}

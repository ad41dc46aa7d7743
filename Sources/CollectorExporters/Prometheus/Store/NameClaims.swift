/// Which family may use which names in each scrape format. Families that are distinct by their own names can meet in
/// one format: counter `x_total` and gauge `x` are both family `x` in OpenMetrics. The first one keeps the name; the
/// other is left out of that format.
struct NameClaims {
    /// For each of `ScrapeFormat.all`: names and the family that has them.
    private var owners: [[LabelKey: UInt64]]

    init() {
        owners = ScrapeFormat.all.map { _ in [:] }
    }

    /// Takes the names of a family, those of each format, where they are free.
    /// - Returns: the formats in which they are not, by position in `ScrapeFormat.all`.
    mutating func claim(_ names: [[[UInt8]]], for family: UInt64) -> Set<Int> {
        var refused: Set<Int> = []
        for (format, names) in names.enumerated() {
            let isFree = names.allSatisfy { name in
                owners[format][LabelKey(block: name)].map { $0 == family } ?? true
            }
            guard isFree else {
                refused.insert(format)
                continue
            }
            for name in names { owners[format][LabelKey(block: name)] = family }
        }
        return refused
    }

    /// Gives all names of a family back.
    mutating func release(_ names: [[[UInt8]]], of family: UInt64) {
        for (format, names) in names.enumerated() {
            for key in names.map(LabelKey.init) where owners[format][key] == family { owners[format][key] = nil }
        }
    }
}

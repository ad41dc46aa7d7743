/// A family as all scrape formats show it. Escaping schemes that show its name alike share what is rendered.
struct FamilyTexts: Sendable {
    /// One for each of `ScrapeFormat.all`.
    let all: [FamilyText]
    /// About how much memory they take, in bytes.
    let size: Int

    /// - Parameters:
    ///   - name: by the translation strategy; counters with their `_total`.
    ///   - unit: the unit's words, `seconds`; nil for none.
    init(name: [UInt8], kind: FamilyKind, help: [UInt8], unit: [UInt8]?) {
        let names = EscapingScheme.allCases.map { $0.escaped(name, .metric) }
        var texts: [FamilyText] = []
        var size = 0
        for format in ExpositionFormat.allCases {
            let first = texts.count
            for (position, shown) in names.enumerated() {
                if let known = names[..<position].firstIndex(of: shown) {
                    texts.append(texts[first + known])
                } else {
                    let text = FamilyText(shown: shown, kind: kind, help: help, unit: unit, format)
                    size += text.size
                    texts.append(text)
                }
            }
        }
        all = texts
        self.size = size
    }

    subscript(_ format: ScrapeFormat) -> FamilyText { all[format.index] }

    /// The names that the family takes in each of `ScrapeFormat.all`.
    var claims: [[[UInt8]]] { all.map(\.claims) }
}

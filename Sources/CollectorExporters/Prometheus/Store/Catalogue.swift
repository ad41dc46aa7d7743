import OTLPWire

/// A family in the store.
struct CatalogueEntry: Sendable {
    let family: MetricFamily
    /// The order of appearance, which decides who keeps a name.
    let number: UInt64
    /// The formats it is left out of, by position in `ScrapeFormat.all`.
    var hiddenIn: Set<Int>
}

/// What the store knows besides the series: which families there are, and which metrics of which resources belong to
/// them.
struct Catalogue {
    private var families: [LabelKey: CatalogueEntry] = [:]
    /// The families that some format does not show, since others have their names.
    private var waiting: Set<LabelKey> = []
    private(set) var bindings: [StreamKey: MetricBinding] = [:]
    private(set) var resources: [AttributeSetHash: ResourceRecord] = [:]
    private(set) var target: TargetFamily
    private var claims = NameClaims()
    private var nextNumber: UInt64 = 2

    /// - Parameter report: nil when there is none; it and the target metadata have their names before all others.
    init(target: TargetFamily, report: OmissionReport?) {
        self.target = target
        _ = claims.claim(target.claims, for: 0)
        if let report { _ = claims.claim(report.claims, for: 1) }
    }

    /// The order of appearance of whatever comes next.
    mutating func takeNumber() -> UInt64 {
        defer { nextNumber &+= 1 }
        return nextNumber
    }

    /// All families, in no order.
    var entries: [CatalogueEntry] { Array(families.values) }

    /// The families that wait for names, in no order.
    var waitingEntries: [CatalogueEntry] { waiting.compactMap { families[$0] } }

    func family(named name: [UInt8]) -> MetricFamily? { families[LabelKey(block: name)]?.family }

    /// - Returns: whether some format cannot show the family.
    mutating func add(_ family: MetricFamily) -> Bool {
        let number = takeNumber()
        return !claim(family, number).isEmpty
    }

    /// Removes a retired family. Its names go to those that wait for them as soon as these `claimAgain`; its bindings
    /// are no good any more and go with those that are unused.
    mutating func remove(_ family: MetricFamily) {
        let key = LabelKey(block: family.name)
        guard let entry = families[key], entry.family === family else { return }
        claims.release(family.claims, of: entry.number)
        families[key] = nil
        waiting.remove(key)
    }

    /// Lets waiting families, in the order of appearance, have the names that are free now.
    mutating func claimAgain(_ entries: some Sequence<CatalogueEntry>) {
        for entry in entries where families[LabelKey(block: entry.family.name)]?.family === entry.family {
            _ = claim(entry.family, entry.number)
        }
    }

    /// The formats in which a family does not get its names.
    private mutating func claim(_ family: MetricFamily, _ number: UInt64) -> Set<Int> {
        let hidden = claims.claim(family.claims, for: number)
        family.isHidden.store(hidden.count == ScrapeFormat.all.count, ordering: .relaxed)
        let key = LabelKey(block: family.name)
        families[key] = CatalogueEntry(family: family, number: number, hiddenIn: hidden)
        if hidden.isEmpty { waiting.remove(key) } else { waiting.insert(key) }
        return hidden
    }

    /// The metric's binding; nil when there is none to a family that is still here.
    func binding(_ key: StreamKey) -> MetricBinding? {
        bindings[key].flatMap { $0.family.isRetired.load(ordering: .relaxed) ? nil : $0 }
    }

    mutating func bind(_ key: StreamKey, _ binding: MetricBinding) {
        bindings[key] = binding
    }

    func resource(_ hash: AttributeSetHash) -> ResourceRecord? { resources[hash] }

    mutating func resource(_ hash: AttributeSetHash, make: (UInt64) -> ResourceRecord) -> ResourceRecord {
        if let known = resources[hash] { return known }
        let made = make(takeNumber())
        resources[hash] = made
        return made
    }

    /// Forgets those of these metrics that nothing has come for since `cutoff`.
    /// - Returns: what was forgotten.
    mutating func forgetBindings(_ keys: some Sequence<StreamKey>, unusedSince cutoff: UInt64) -> [MetricBinding] {
        keys.compactMap { key in
            guard bindings[key]?.isUnused(since: cutoff) == true else { return nil }
            return bindings.removeValue(forKey: key)
        }
    }

    /// The same of resources; they go after their bindings.
    mutating func forgetResources(_ keys: some Sequence<AttributeSetHash>, unusedSince cutoff: UInt64)
        -> [ResourceRecord]
    {
        keys.compactMap { key in
            guard resources[key]?.isUnused(since: cutoff) == true else { return nil }
            return resources.removeValue(forKey: key)
        }
    }
}

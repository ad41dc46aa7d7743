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
    /// Sorted by name, in byte order.
    private(set) var entries: [CatalogueEntry] = []
    private(set) var bindings: [StreamKey: MetricBinding] = [:]
    private var resources: [AttributeSetHash: ResourceRecord] = [:]
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

    /// The resources that have series alive, in the order of appearance.
    func shownResources(after cutoff: UInt64) -> [ResourceRecord] {
        resources.values.filter { $0.isShown(after: cutoff) }.sorted { $0.number < $1.number }
    }

    func family(named name: [UInt8]) -> MetricFamily? {
        let position = position(of: name)
        return position < entries.count && entries[position].family.name == name ? entries[position].family : nil
    }

    /// - Returns: whether some format cannot show the family.
    mutating func add(_ family: MetricFamily) -> Bool {
        let number = takeNumber()
        let hidden = claim(family, number)
        entries.insert(
            CatalogueEntry(family: family, number: number, hiddenIn: hidden), at: position(of: family.name))
        return !hidden.isEmpty
    }

    /// Removes retired families; their names go to the families that were waiting for them.
    mutating func remove(_ families: [MetricFamily]) {
        let gone = Set(families.map(ObjectIdentifier.init))
        guard !gone.isEmpty else { return }
        for entry in entries where gone.contains(ObjectIdentifier(entry.family)) {
            claims.release(entry.family.claims, of: entry.number)
        }
        entries.removeAll { gone.contains(ObjectIdentifier($0.family)) }
        bindings = bindings.filter { !gone.contains(ObjectIdentifier($0.value.family)) }
        let waiting = entries.indices.filter { !entries[$0].hiddenIn.isEmpty }
        for position in waiting.sorted(by: { entries[$0].number < entries[$1].number }) {
            entries[position].hiddenIn = claim(entries[position].family, entries[position].number)
        }
    }

    /// The formats in which a family does not get its names.
    private mutating func claim(_ family: MetricFamily, _ number: UInt64) -> Set<Int> {
        let hidden = claims.claim(family.claims, for: number)
        family.isHidden.store(hidden.count == ScrapeFormat.all.count, ordering: .relaxed)
        return hidden
    }

    mutating func bind(_ key: StreamKey, _ binding: MetricBinding) {
        bindings[key] = binding
    }

    func resource(_ hash: AttributeSetHash) -> ResourceRecord? { resources[hash] }

    mutating func resource<Failure: Error>(
        _ hash: AttributeSetHash, make: (UInt64) throws(Failure) -> ResourceRecord
    ) throws(Failure) -> ResourceRecord {
        if let known = resources[hash] { return known }
        let made = try make(takeNumber())
        resources[hash] = made
        return made
    }

    /// Forgets metrics and resources that nothing has come for since `cutoff`. A resource goes with its last binding.
    mutating func forgetUnused(_ cutoff: UInt64) {
        bindings = bindings.filter { $0.value.used.load(ordering: .relaxed) > cutoff }
        resources = resources.filter { _, resource in
            resource.liveStreams.load(ordering: .relaxed) > 0 || resource.updated.load(ordering: .relaxed) > cutoff
        }
    }

    /// Where a family of this name stands, or would.
    private func position(of name: [UInt8]) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if precedes(entries[middle].family.name, name) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Which resources' target metadata a scrape shows: one for each `job` and `instance` (conformance 123).
///
/// It is that of the resource which appeared last, so that a process that came back with other attributes shows the new
/// ones and none takes turns with another; but not of one that has been silent for minutes while another one sends.
struct TargetChoice {
    /// A resource that sends less often than this is not silent.
    private static let silence: UInt64 = 300_000_000_000

    /// In the order in which each `job` and `instance` appeared.
    private(set) var shown: [ResourceRecord] = []
    /// Those whose target metadata differs from what is shown in their place.
    private(set) var leftOut: [ResourceRecord] = []

    /// - Parameter resources: those with series alive, in no order.
    init(_ resources: [ResourceRecord]) {
        var places: [LabelKey: Int] = [:]
        var groups: [[ResourceRecord]] = []
        for resource in resources.sorted(by: { $0.number < $1.number }) where resource.target != nil {
            let labels = resource.identity.map { LabelEntry(key: $0.name, name: $0.name, value: $0.value) }
            let key = LabelKey(block: LabelSet(labels).block)
            if let place = places[key] {
                groups[place].append(resource)
            } else {
                places[key] = groups.count
                groups.append([resource])
            }
        }
        for group in groups {
            let updated = group.map { $0.updated.load(ordering: .relaxed) }
            let newest = updated.max() ?? 0
            guard let chosen = group.indices.last(where: { newest - updated[$0] < Self.silence }) else { continue }
            shown.append(group[chosen])
            leftOut += group.filter { $0.target?.block != group[chosen].target?.block }
        }
    }

    /// How many have been left out that never were before.
    func countLeftOut() -> Int {
        leftOut.count { !$0.isLeftOut.exchange(true, ordering: .relaxed) }
    }
}

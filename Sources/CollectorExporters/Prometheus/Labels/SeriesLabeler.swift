import OTLPWire

/// Makes labels out of attributes, by the exporter's settings.
struct SeriesLabeler: Sendable {
    private let namer: LabelNamer
    private let constants: [LabelEntry]
    private let convertsResource: Bool
    private let excludesServiceAttributes: Bool
    private let showsScope: Bool

    init(_ config: PrometheusConfig) {
        let namer = LabelNamer(strategy: config.translationStrategy)
        self.namer = namer
        constants = config.constantLabels.compactMap { label in
            let key = Array(label.name)
            return namer.name(key).map { LabelEntry(key: key, name: $0, value: Array(label.value)) }
        }
        convertsResource = config.resourceToTelemetry.isEnabled
        excludesServiceAttributes = config.resourceToTelemetry.excludesServiceAttributes
        showsScope = !config.withoutScopeInfo
    }

    /// What all series of a resource have in common.
    func resource(_ resource: ResourceAttributes) -> SharedLabels {
        var labels = SharedLabels(identity: resource.identity, entries: constants)
        guard convertsResource else { return labels }
        for attribute in resource.attributes {
            if excludesServiceAttributes, ResourceAttributes.serviceKeys.contains(attribute.key) { continue }
            guard let name = namer.name(attribute.key) else { continue }
            labels.entries.append(LabelEntry(key: attribute.key, name: name, value: attribute.value))
            labels.overridden.insert(attribute.key)
        }
        // Every series sorts them with its own, which takes little time when they are in order already.
        labels.entries.sort(by: LabelEntry.areInOrder)
        return labels
    }

    private static let identityNames = [Array("job" as StaticString), Array("instance" as StaticString)]

    /// The labels of the target metadata: `job`, `instance` and what else is known of the resource (conformance 123).
    func target(_ resource: ResourceAttributes) -> (labels: LabelSet, repairs: LabelRepairs) {
        var repairs = LabelRepairs()
        var entries = resource.descriptive.compactMap { entry($0.key, $0.value, &repairs) }
        // Also where the resource has no such identity: else it could look like one that has.
        rename(&entries, Self.identityNames, &repairs)
        return finished(resource.identity + entries, repairs)
    }

    /// The labels of an instrumentation scope (conformance 126).
    func scope(_ scope: ScopeAttributes) -> [LabelEntry] {
        guard showsScope else { return [] }
        let fixed = [
            ("otel_scope_name", scope.name), ("otel_scope_version", scope.version),
            ("otel_scope_schema_url", scope.schemaURL),
        ]
        var entries = fixed.filter { !$1.isEmpty }.map { name, value in
            LabelEntry(key: Array(name), name: Array(name), value: value)
        }
        let own = fixed.map { Array($0.0) }
        for attribute in scope.attributes {
            let key = Array("otel_scope_" as StaticString) + attribute.key
            guard let name = namer.name(key), !own.contains(name) else { continue }
            entries.append(LabelEntry(key: key, name: name, value: attribute.value))
        }
        return entries
    }

    /// The labels of one series.
    ///
    /// - Parameters:
    ///   - scope: the labels of its scope.
    ///   - point: the point, whose attributes are those of `field`.
    ///   - reserved: the label that the series' lines add themselves, `le` or `quantile`.
    func series(
        _ shared: SharedLabels, scope: [LabelEntry], point: ByteRange, field: UInt32, reserved: [UInt8]?,
        _ bytes: Span<UInt8>
    ) -> (labels: LabelSet, repairs: LabelRepairs) {
        var repairs = LabelRepairs()
        var entries = shared.entries + scope
        var attributes = AttributeCursor(bytes, message: point, fieldNumber: field)
        while let attribute = attributes.next() {
            let key = copied(attribute.key, bytes)
            let value = attributeText(attribute.value, bytes)
            guard !value.isEmpty, !shared.overridden.contains(key) else { continue }
            if let entry = entry(key, value, &repairs) { entries.append(entry) }
        }
        rename(&entries, shared.identity.map(\.name) + [reserved].compactMap { $0 }, &repairs)
        return finished(shared.identity + entries, repairs)
    }

    /// Nil for the empty key, which no label can have.
    private func entry(_ key: [UInt8], _ value: [UInt8], _ repairs: inout LabelRepairs) -> LabelEntry? {
        if let name = namer.name(key) { return LabelEntry(key: key, name: name, value: value) }
        repairs.nameless += 1
        return nil
    }

    /// Puts `exported_` in front of names that mean something else here, as Prometheus itself renames what collides
    /// with its labels (conformance 117): `job` and `instance` say the same on all series and on the target metadata,
    /// so that they can be joined.
    private func rename(_ entries: inout [LabelEntry], _ taken: [[UInt8]], _ repairs: inout LabelRepairs) {
        for position in entries.indices where taken.contains(entries[position].name) {
            entries[position].name = Array("exported_" as StaticString) + entries[position].name
            repairs.renamed += 1
        }
    }

    private func finished(
        _ entries: [LabelEntry], _ repairs: LabelRepairs
    ) -> (labels: LabelSet, repairs: LabelRepairs) {
        let labels = LabelSet(entries)
        var repairs = repairs
        repairs.joined = labels.joinedCount
        return (labels, repairs)
    }
}

/// Labels that all points of a resource have in common.
struct SharedLabels: Sendable {
    /// `job` and `instance`.
    var identity: [LabelEntry]
    /// Constant labels, and attributes of the resource that become labels.
    var entries: [LabelEntry]
    /// Attributes of points that the resource's of the same key replace.
    var overridden: Set<[UInt8]> = []
}

/// How many labels could not be shown as they were.
struct LabelRepairs: Sendable {
    /// Joined with another one of that name.
    var joined = 0
    /// Renamed, since the name means something else.
    var renamed = 0
    /// Left out, since the key is empty.
    var nameless = 0
}

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
        var labels = SharedLabels(entries: constants + resource.identity)
        guard convertsResource else { return labels }
        for attribute in resource.attributes {
            if excludesServiceAttributes, ResourceAttributes.serviceKeys.contains(attribute.key) { continue }
            guard let name = namer.name(attribute.key) else { continue }
            labels.entries.append(LabelEntry(key: attribute.key, name: name, value: attribute.value))
            labels.overridden.insert(attribute.key)
        }
        return labels
    }

    /// The labels of the target metadata: `job`, `instance` and what else is known of the resource (conformance 123).
    func target(_ resource: ResourceAttributes) -> LabelSet {
        let rest = resource.descriptive.compactMap { attribute in
            namer.name(attribute.key).map { LabelEntry(key: attribute.key, name: $0, value: attribute.value) }
        }
        return LabelSet(resource.identity + rest)
    }

    /// Adds the labels of an instrumentation scope (conformance 126).
    func addScope(_ scope: ScopeAttributes, to labels: inout SharedLabels) {
        guard showsScope else { return }
        let fixed = [
            ("otel_scope_name", scope.name), ("otel_scope_version", scope.version),
            ("otel_scope_schema_url", scope.schemaURL),
        ]
        for (name, value) in fixed {
            labels.entries.append(LabelEntry(key: Array(name), name: Array(name), value: value))
        }
        let own = fixed.map { Array($0.0) }
        for attribute in scope.attributes {
            let key = Array("otel_scope_" as StaticString) + attribute.key
            guard let name = namer.name(key), !own.contains(name) else { continue }
            labels.entries.append(LabelEntry(key: key, name: name, value: attribute.value))
        }
    }

    /// The labels of one series.
    ///
    /// - Parameters:
    ///   - attributes: the point, whose attributes are those of `field`.
    ///   - reserved: the label that the series' lines add themselves, `le` or `quantile`; an attribute of that name
    ///     becomes
    ///     `exported_le`, as Prometheus itself renames what collides with its labels.
    func series(
        _ shared: SharedLabels, point: ByteRange, field: UInt32, reserved: [UInt8]?, _ bytes: Span<UInt8>
    ) -> LabelSet {
        var entries = shared.entries
        var attributes = AttributeCursor(bytes, message: point, fieldNumber: field)
        while let attribute = attributes.next() {
            let key = copied(attribute.key, bytes)
            guard !shared.overridden.contains(key), let name = namer.name(key) else { continue }
            entries.append(LabelEntry(key: key, name: name, value: attributeText(attribute.value, bytes)))
        }
        if let reserved {
            for position in entries.indices where entries[position].name == reserved {
                entries[position].name = Array("exported_" as StaticString) + reserved
            }
        }
        return LabelSet(entries)
    }
}

/// Labels that all points of a metric have in common.
struct SharedLabels: Sendable {
    var entries: [LabelEntry]
    /// Attributes of points that the resource's of the same key replace.
    var overridden: Set<[UInt8]> = []
}

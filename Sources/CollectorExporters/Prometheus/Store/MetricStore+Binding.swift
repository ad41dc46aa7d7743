import CollectorCore
import OTLPWire

/// Why a metric cannot be tied to a family.
struct BindingRefusal: Error {
    var reason: DropReason
}

/// What a family is made of.
private struct FamilyDescription {
    /// By the translation strategy, before escaping.
    var name: [UInt8]
    var kind: FamilyKind
    var unit: String
    var help: ByteRange
}

/// The hashes of the resource and the scope that the walk through a request is in.
struct GroupHashes {
    /// Hashes are keyed with a secret of the process, since what they cover is what senders say.
    private static let secret = UInt64.random(in: 1...UInt64.max)

    private var scopeNumber: UInt32?
    private var resourceNumber: UInt32?
    private(set) var resource: AttributeSetHash
    /// What all components know the scope by.
    private(set) var scopeHash: ScopeHash
    /// Of all that is said about the scope.
    private var scope: UInt64 = 0

    init(_ bytes: Span<UInt8>) {
        resource = AttributeSetHash(bytes, message: .empty, fieldNumber: 1)
        scopeHash = ScopeHash(bytes, scope: .empty)
    }

    mutating func enter(_ number: UInt32, _ index: MetricIndex, _ bytes: Span<UInt8>) {
        guard scopeNumber != number else { return }
        scopeNumber = number
        let group = index.scopes[Int(number)]
        scope = keyedHash(bytes, group.head, Self.secret) &+ mixed(keyedHash(bytes, group.tail, Self.secret))
        scopeHash = ScopeHash(bytes, scope: payload(of: 1, in: group.head, bytes) ?? .empty)
        guard resourceNumber != group.parent else { return }
        resourceNumber = group.parent
        let message = payload(of: 1, in: index.resources[Int(group.parent)].head, bytes) ?? .empty
        resource = AttributeSetHash(bytes, message: message, fieldNumber: 1)
    }

    /// What tells a metric from others of its name and resource.
    func salt(_ kind: MetricEntry.Kind, _ header: MetricHeader, _ bytes: Span<UInt8>) -> StreamKey {
        let type = UInt64(kind.rawValue) << 8 | UInt64(header.temporality.rawValue) << 1 | (header.isMonotonic ? 1 : 0)
        let high = mixed(scope ^ mixed(keyedHash(bytes, header.unit, Self.secret) &+ type))
        return StreamKey(high: high, low: mixed(high ^ Self.secret))
    }

    /// The key of the metric's binding.
    func bindingKey(_ salt: StreamKey, _ metric: MetricEntry, _ header: MetricHeader, _ bytes: Span<UInt8>) -> StreamKey
    {
        let metadata = AttributeSetHash(
            bytes, message: header.hasMetadata ? metric.range : .empty, fieldNumber: MetricHeader.metadataField)
        let key = SeriesKey(resource: resource, scope: scopeHash, name: header.name, point: metadata, bytes)
        return StreamKey(high: key.high ^ salt.high, low: key.low ^ salt.low)
    }
}

extension MetricStore {
    /// The metric's binding, made when it is new.
    func binding(
        _ metric: MetricEntry, _ header: MetricHeader, _ index: MetricIndex, _ groups: GroupHashes,
        _ bytes: Span<UInt8>,
        now: UInt64
    ) throws(BindingRefusal) -> MetricBinding {
        let salt = groups.salt(metric.kind, header, bytes)
        let key = groups.bindingKey(salt, metric, header, bytes)
        let (known, knownResource) = catalogue.withLock { ($0.binding(key), $0.resource(groups.resource)) }
        if let known {
            known.used.store(now, ordering: .relaxed)
            known.resource.updated.store(now, ordering: .relaxed)
            return known
        }
        let kind = Self.kind(of: metric, header, bytes)
        let unit = text(bytes, header.unit)
        guard let name = namer.name(text(bytes, header.name), unit: unit, type: Self.namedType(of: metric.kind, kind))
        else {
            tools.conflicts.name.add()
            report("the metric name '\(text(bytes, header.name))' has nothing that Prometheus could show", about: [])
            throw BindingRefusal(reason: .invalidName)
        }
        let scopeGroup = index.scopes[Int(metric.scope)]
        let resourceGroup = index.resources[Int(scopeGroup.parent)]
        let makeRecord = try recordMaker(knownResource, resourceGroup, bytes, now: now)
        let scopeLabels = tools.labeler.scope(ScopeAttributes(bytes, group: scopeGroup))
        let description = FamilyDescription(name: name, kind: kind, unit: unit, help: header.description)
        // Rendering its names takes a while: others need not wait for that.
        let prepared = isNew(description, now: now) ? try makeFamily(description, bytes) : nil
        return try catalogue.withLock { catalogue throws(BindingRefusal) in
            let family = try self.family(description, prepared, bytes, now: now, &catalogue)
            let record = catalogue.resource(groups.resource, make: makeRecord)
            record.updated.store(now, ordering: .relaxed)
            let binding = MetricBinding(
                family: family, resource: record, resourceHash: groups.resource, scopeHash: groups.scopeHash,
                salt: salt, scopeLabels: scopeLabels, temporality: header.temporality, now: now,
                charge: try charge(MemoryCost.binding + MemoryCost.size(of: scopeLabels)))
            catalogue.bind(key, binding)
            return binding
        }
    }

    /// The family of this name, made when there is none. Of another type it is in the way until it expires (conformance
    /// 109, 110, 145).
    private func family(
        _ description: FamilyDescription, _ prepared: MetricFamily?, _ bytes: Span<UInt8>, now: UInt64,
        _ catalogue: inout Catalogue
    ) throws(BindingRefusal) -> MetricFamily {
        let (name, kind) = (description.name, description.kind)
        if let known = catalogue.family(named: name) {
            if known.kind == kind { return known }
            let cutoff = known.cutoff(now)
            let isGone = known.isExpired(cutoff) && known.retire(ifExpired: cutoff) { tools.directory.remove($0, $1) }
            guard isGone else {
                tools.conflicts.type.add()
                report("metric '\(name.text)' is shown with another type already; this one is left out", about: name)
                throw BindingRefusal(reason: .typeConflict)
            }
            catalogue.remove(known)
            catalogue.claimAgain(catalogue.waitingEntries.sorted { $0.number < $1.number })
        }
        let family: MetricFamily
        if let prepared { family = prepared } else { family = try makeFamily(description, bytes) }
        if family.hasCutHelp { tools.conflicts.help.add() }
        if catalogue.add(family) {
            tools.conflicts.family.add()
            report(
                "metric '\(name.text)' shares a name with another one in some formats and is left out of them",
                about: name)
        }
        return family
    }

    /// Whether there is no such family.
    private func isNew(_ description: FamilyDescription, now: UInt64) -> Bool {
        guard let known = catalogue.withLock({ $0.family(named: description.name) }) else { return true }
        return known.kind != description.kind && known.isExpired(known.cutoff(now))
    }

    private func makeFamily(
        _ description: FamilyDescription, _ bytes: Span<UInt8>
    ) throws(BindingRefusal) -> MetricFamily {
        // First what it takes at least: without that, nothing is rendered.
        let charge = try charge(MemoryCost.family)
        let (help, isCut) = SizeLimits.cutHelp(description.help, bytes)
        let texts = FamilyTexts(
            name: description.name, kind: description.kind, help: help,
            unit: UnitSuffix(description.unit).joined.map { Array($0) })
        return MetricFamily(
            name: description.name, kind: description.kind, texts: texts, hasCutHelp: isCut,
            expiration: expirations.expiration(ofFamily: description.name), tools: tools,
            charges: [charge, try self.charge(texts.size)])
    }

    /// Makes the record of a resource by its number. What takes a while is done now: a resource may have very many
    /// attributes.
    ///
    /// - Parameter known: the record there was; it may have been forgotten meanwhile.
    private func recordMaker(
        _ known: ResourceRecord?, _ group: GroupEntry, _ bytes: Span<UInt8>, now: UInt64
    ) throws(BindingRefusal) -> (_ number: UInt64) -> ResourceRecord {
        if let known { return { _ in known } }
        let attributes = ResourceAttributes(bytes, group: group.head)
        let charge = try charge(MemoryCost.resource + 2 * MemoryCost.size(of: attributes.attributes))
        let rendered = RenderedResource(attributes, labeler: tools.labeler, charge: charge)
        return { [conflicts = tools.conflicts] number in
            conflicts.add(rendered.repairs)
            return ResourceRecord(rendered, number: number, now: now)
        }
    }

    private func charge(_ bytes: Int) throws(BindingRefusal) -> MemoryCharge {
        guard let charge = tools.memory.charge(bytes) else { throw BindingRefusal(reason: .memory) }
        return charge
    }

    private static func kind(of metric: MetricEntry, _ header: MetricHeader, _ bytes: Span<UInt8>) -> FamilyKind {
        switch metric.kind {
        case .histogram, .exponentialHistogram: .histogram
        case .summary: .summary
        case .sum: header.isMonotonic ? .counter : .gauge
        case .gauge, .none: header.hasMetadata && isUnknown(metric, bytes) ? .unknown : .gauge
        }
    }

    /// Whether the metric came from Prometheus, where its type was not known (conformance 114).
    private static func isUnknown(_ metric: MetricEntry, _ bytes: Span<UInt8>) -> Bool {
        var metadata = AttributeCursor(bytes, message: metric.range, fieldNumber: MetricHeader.metadataField)
        while let entry = metadata.next() {
            if matches(bytes, entry.key, "prometheus.type"), case .string(let type) = entry.value {
                return matches(bytes, type, "unknown")
            }
        }
        return false
    }

    private static func namedType(of metric: MetricEntry.Kind, _ kind: FamilyKind) -> NamedType {
        switch (metric, kind) {
        case (_, .counter): .counter
        case (.gauge, _): .gauge
        default: .other
        }
    }
}

import OTLPWire
import Synchronization

/// Identifies a stream within the process by 128 bits of keyed hash; only one half is needed to find it in a table.
struct StreamKey: Hashable, Sendable {
    var high: UInt64
    var low: UInt64

    func hash(into hasher: inout Hasher) {
        hasher.combine(low)
    }
}

/// A metric of one resource and scope, tied to the family that shows it.
final class MetricBinding: Sendable {
    let family: MetricFamily
    let resource: ResourceRecord
    /// Of the resource's attributes, for the series' identity.
    let resourceHash: AttributeSetHash
    let scopeHash: ScopeHash
    /// Tells this metric's streams from those of the same name in other scopes or of other types.
    let salt: StreamKey
    /// Labels of the scope; those of the resource are in its record.
    let scopeLabels: [LabelEntry]
    let temporality: MetricHeader.Temporality
    /// When it was used last, in nanoseconds of the monotonic clock.
    let used: Atomic<UInt64>
    private let charge: MemoryCharge

    init(
        family: MetricFamily, resource: ResourceRecord, resourceHash: AttributeSetHash, scopeHash: ScopeHash,
        salt: StreamKey, scopeLabels: [LabelEntry],
        temporality: MetricHeader.Temporality, now: UInt64, charge: MemoryCharge
    ) {
        self.charge = charge
        self.family = family
        self.resource = resource
        self.resourceHash = resourceHash
        self.scopeHash = scopeHash
        self.salt = salt
        self.scopeLabels = scopeLabels
        self.temporality = temporality
        used = Atomic(now)
    }

    /// Whether nothing has come for it since `cutoff`, or cannot, since its family is gone.
    func isUnused(since cutoff: UInt64) -> Bool {
        used.load(ordering: .relaxed) <= cutoff || family.isRetired.load(ordering: .relaxed)
    }

    /// The identities of a point's series: the one all components share, and the store's own.
    func identity(_ bytes: Span<UInt8>, name: ByteRange, point: ByteRange, field: UInt32) -> (SeriesKey, StreamKey) {
        let attributes = AttributeSetHash(bytes, message: point, fieldNumber: field)
        let series = SeriesKey(resource: resourceHash, scope: scopeHash, name: name, point: attributes, bytes)
        return (series, StreamKey(high: series.high ^ salt.high, low: series.low ^ salt.low))
    }
}

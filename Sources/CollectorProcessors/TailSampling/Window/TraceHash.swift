import CollectorCore
import OTLPWire

/// A keyed hash of trace ids: senders cannot aim at one shard or one slot. One key for all shards of a processor.
struct TraceHash: Sendable {
    private let first: UInt64
    private let second: UInt64

    init(_ keys: HashKeys = .secret) {
        first = keys.key(0)
        second = keys.key(1)
    }

    /// The key for hashes of what resources and scopes say.
    var contentKey: UInt64 { second }

    @inline(__always)
    func callAsFunction(_ id: TraceID) -> UInt64 {
        let product = (id.high ^ first).multipliedFullWidth(by: id.low ^ second)
        let folded = product.high ^ product.low ^ first
        let again = folded.multipliedFullWidth(by: second | 1)
        return again.high ^ again.low
    }

    /// The shard of a hash; by its upper half, since tables use the lower one.
    @inline(__always)
    static func shard(_ hash: UInt64, of count: Int) -> Int { Int(((hash >> 32) &* UInt64(count)) >> 32) }
}

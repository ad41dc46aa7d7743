// The identity of a series across components: the whole resource (its attributes in any order), the scope, the metric's
// name and the point's attributes (in any order). Hashed with secrets of the process, since all of it is what senders say.

/// The identity of one series within this process. 128 bits: collisions are out of reach of chance.
package struct SeriesKey: Sendable, Hashable {
    package var high: UInt64
    package var low: UInt64
}

/// A hash of a resource's attributes, or of a point's, independent of their order.
package struct AttributeSetHash: Sendable, Hashable {
    fileprivate(set) var high: UInt64 = 0
    fileprivate(set) var low: UInt64 = 0

    /// - Parameter fieldNumber: the number of the message's `attributes`.
    package init(_ bytes: Span<UInt8>, message: ByteRange, fieldNumber: UInt32) {
        var fields = FieldCursor(bytes, message)
        while let field = fields.next() {
            guard field.number == fieldNumber, case .bytes(let range) = field.value else { continue }
            // Sums do not depend on the order of what is added.
            high &+= keyedHash(bytes, range, Secrets.high)
            low &+= keyedHash(bytes, range, Secrets.low)
        }
    }
}

/// A hash of an InstrumentationScope: its name, its version and its attributes in any order.
package struct ScopeHash: Sendable, Hashable {
    fileprivate var high: UInt64 = 0
    fileprivate var low: UInt64 = 0

    /// - Parameter scope: the message; empty where there is none, which is the same as a scope without a name.
    package init(_ bytes: Span<UInt8>, scope: ByteRange) {
        var fields = FieldCursor(bytes, scope)
        while let field = fields.next() {
            guard case .bytes(let range) = field.value, !range.isEmpty, (1...3).contains(field.number) else { continue }
            // A name is not a version.
            high &+= mixed(keyedHash(bytes, range, Secrets.high) &+ UInt64(field.number))
            low &+= mixed(keyedHash(bytes, range, Secrets.low) &+ UInt64(field.number))
        }
    }
}

extension SeriesKey {
    /// - Parameters:
    ///   - resource: the hash of the resource's attributes.
    ///   - scope: the hash of the instrumentation scope: two libraries may have a metric of the same name.
    ///   - name: the metric's name as sent.
    ///   - point: the hash of the point's attributes.
    package init(
        resource: AttributeSetHash, scope: ScopeHash, name: ByteRange, point: AttributeSetHash, _ bytes: Span<UInt8>
    ) {
        let group = (
            high: mixed(resource.high &+ Secrets.low) &+ mixed(scope.high &+ Secrets.high),
            low: mixed(resource.low &+ Secrets.high) &+ mixed(scope.low &+ Secrets.low)
        )
        high = mixed(group.high ^ point.high) ^ keyedHash(bytes, name, Secrets.high)
        low = mixed(group.low ^ point.low) ^ keyedHash(bytes, name, Secrets.low)
    }
}

private enum Secrets {
    static let high = UInt64.random(in: 1...UInt64.max)
    static let low = UInt64.random(in: 1...UInt64.max)
}

/// A 64-bit keyed hash of a range: eight bytes at a time, multiplied and folded.
package func keyedHash(_ bytes: Span<UInt8>, _ range: ByteRange, _ key: UInt64) -> UInt64 {
    var hash = key ^ (UInt64(range.count) &* 0x9e37_79b9_7f4a_7c15)
    var at = range.start
    while at &+ 8 <= range.end {
        hash = folded(hash ^ loadLittleEndian64(bytes, at), key | 1)
        at &+= 8
    }
    var rest: UInt64 = 0
    if at < range.end, at &+ 8 <= bytes.count {
        // A whole word, of which the first bytes count: what the loop below makes of them.
        rest = loadLittleEndian64(bytes, at) &<< UInt64(8 &* (at &+ 8 &- range.end))
    } else {
        while at < range.end {
            rest = rest >> 8 | UInt64(bytes[at]) << 56
            at &+= 1
        }
    }
    return mixed(folded(hash ^ rest, 0xa076_1d64_78bd_642f))
}

/// Takes one more word into a keyed hash, which `mixed` ends.
///
/// - Parameter hash: what came before, at first a secret.
@inlinable
package func keyedHash(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    folded(hash ^ word, 0xa076_1d64_78bd_642f)
}

@usableFromInline
func folded(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
}

/// A bijection that spreads every bit over all others.
@inlinable
package func mixed(_ value: UInt64) -> UInt64 {
    var value = value
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
}

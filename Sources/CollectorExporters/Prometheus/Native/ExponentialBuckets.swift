/// The buckets of an exponential histogram for one sign, from the first that is not empty to the last. Bucket `index`
/// holds what is above base^index and not above base^(index + 1).
struct ExponentialBuckets: Sendable, Equatable {
    /// The index of the first count.
    private(set) var offset = 0
    private(set) var counts: [UInt64] = []

    init() {}

    /// - Parameter range: of the indexes that `add` will be called with.
    init(indexes range: ClosedRange<Int>) {
        offset = range.lowerBound
        counts = [UInt64](repeating: 0, count: range.count)
    }

    /// Nil when there are no buckets.
    var indexes: ClosedRange<Int>? {
        counts.isEmpty ? nil : offset...(offset + counts.count - 1)
    }

    var total: UInt64 { counts.reduce(UInt64(0)) { $0.addingSaturated($1) } }

    /// Adds observations to a bucket; nothing for an index outside `indexes`.
    mutating func add(_ count: UInt64, at index: Int) {
        let position = index - offset
        guard counts.indices.contains(position) else { return }
        counts[position] = counts[position].addingSaturated(count)
    }

    /// Adds the observations of others of the same scale.
    mutating func add(_ other: ExponentialBuckets) {
        guard let added = other.indexes else { return }
        guard let own = indexes else {
            self = other
            return
        }
        if added.upperBound > own.upperBound {
            counts.append(contentsOf: repeatElement(0, count: added.upperBound - own.upperBound))
        }
        if added.lowerBound < own.lowerBound {
            counts.insert(contentsOf: repeatElement(0, count: own.lowerBound - added.lowerBound), at: 0)
            offset = added.lowerBound
        }
        for (position, count) in other.counts.enumerated() { add(count, at: added.lowerBound + position) }
    }

    /// Joins 2^`shift` buckets to one each (conformance 197): no observation is lost, only resolution.
    mutating func downscale(by shift: Int) {
        guard shift > 0, let own = indexes else { return }
        var result = ExponentialBuckets(indexes: (own.lowerBound >> shift)...(own.upperBound >> shift))
        for (position, count) in counts.enumerated() { result.add(count, at: (offset + position) >> shift) }
        self = result
    }

    /// Takes out the buckets up to an index.
    /// - Returns: how many observations were in them.
    mutating func removeFirst(through index: Int) -> UInt64 {
        guard index >= offset else { return 0 }
        let removed = counts.prefix(index - offset + 1)
        let total = removed.reduce(UInt64(0)) { $0.addingSaturated($1) }
        counts.removeFirst(removed.count)
        offset = counts.isEmpty ? 0 : index + 1
        return total
    }

    /// By how much scales must go down for the buckets of this range to be no more than `limit`.
    static func shift(fitting indexes: ClosedRange<Int>?, into limit: Int) -> Int {
        guard let indexes else { return 0 }
        var shift = 0
        while (indexes.upperBound >> shift) - (indexes.lowerBound >> shift) >= limit { shift += 1 }
        return shift
    }
}

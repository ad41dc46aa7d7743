/// Finds numbers by 64-bit keyed hashes: open addressing, linear probing. Keys are spread already and are not hashed again.
/// Several numbers may stand under one key, so whoever asks compares what the numbers stand for.
struct KeyTable: Sendable {
    private var keys: [UInt64]
    /// −1 where nothing stands.
    private var values: [Int32]
    private var mask: Int
    private(set) var count = 0

    init() {
        keys = Array(repeating: 0, count: 64)
        values = Array(repeating: -1, count: 64)
        mask = 63
    }

    /// A search for what stands under a key.
    struct Search {
        fileprivate let key: UInt64
        fileprivate var place: Int
    }

    func search(_ key: UInt64) -> Search { Search(key: key, place: Int(truncatingIfNeeded: key) & mask) }

    /// The next number that `insert` stored under the key; nil when there are no more.
    func next(_ search: inout Search) -> Int? {
        while values[search.place] >= 0 {
            let place = search.place
            search.place = (place &+ 1) & mask
            if keys[place] == search.key { return Int(values[place]) }
        }
        return nil
    }

    /// Stores a number below 2^31 that is not there.
    mutating func insert(_ key: UInt64, _ value: Int) {
        if (count + 1) * 4 > keys.count * 3 { rebuild(capacity: keys.count * 2) { _ in true } }
        place(key, Int32(truncatingIfNeeded: value))
    }

    /// Takes out all whose numbers are not to be kept.
    mutating func keep(where isKept: (Int) -> Bool) {
        rebuild(capacity: keys.count, isKept)
    }

    /// What storage there is for an entry, on average, at worst.
    static let bytesPerEntry = 32

    private mutating func rebuild(capacity: Int, _ isKept: (Int) -> Bool) {
        let (oldKeys, oldValues) = (keys, values)
        keys = Array(repeating: 0, count: capacity)
        values = Array(repeating: -1, count: capacity)
        mask = capacity - 1
        count = 0
        for (key, value) in zip(oldKeys, oldValues) where value >= 0 && isKept(Int(value)) { place(key, value) }
    }

    private mutating func place(_ key: UInt64, _ value: Int32) {
        var place = Int(truncatingIfNeeded: key) & mask
        while values[place] >= 0 { place = (place &+ 1) & mask }
        keys[place] = key
        values[place] = value
        count += 1
    }
}

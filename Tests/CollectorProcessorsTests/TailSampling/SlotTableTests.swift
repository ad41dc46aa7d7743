import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: the table of traces")
struct SlotTableTests {
    /// A generator whose runs can be repeated.
    struct Dice: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var value = state
            value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
            return value ^ (value >> 31)
        }
    }

    @Test(
        "What was inserted and not removed is found, through growing, shrinking and equal hashes", arguments: [1, 2, 3])
    func agreesWithADictionary(seed: UInt64) throws {
        var dice = Dice(state: seed)
        var allowance = MemoryAllowance(limit: 1 << 26, reservation: nil)
        guard var table = SlotTable(&allowance) else {
            Issue.record("no memory")
            return
        }
        var expected: [UInt32: UInt32] = [:]
        // Up, down to nearly nothing, and up again: entry → hash.
        for target in [20_000, 30, 3000] {
            while expected.count != target {
                let grows = expected.count < target
                if grows ? dice.next() % 4 != 0 : dice.next() % 4 == 0 {
                    let entry = UInt32(truncatingIfNeeded: dice.next()) & 0x00ff_ffff
                    guard expected[entry] == nil else { continue }
                    // Few different hashes make clusters and collisions.
                    let hash = UInt32(truncatingIfNeeded: dice.next() % 60_000) &* 2654
                    expected[entry] = hash
                    let isIn = table.insert(hash, entry: entry, &allowance)
                    #expect(isIn)
                } else if let (entry, hash) = expected.first {
                    expected[entry] = nil
                    table.remove(hash, entry: entry)
                }
            }
            let count = table.count
            #expect(count == target)
            for (entry, hash) in expected {
                let found = table.find(hash) { $0 == entry }
                #expect(found == entry)
            }
        }
        for (entry, hash) in expected { table.remove(hash, entry: entry) }
        table.trim(&allowance)
        let count = table.count
        #expect(count == 0)
        #expect(allowance.used == 512 * 8)
    }

    @Test("Without memory for growing an insertion fails and nothing changes")
    func respectsTheAllowance() throws {
        var allowance = MemoryAllowance(limit: 512 * 8, reservation: nil)
        guard var table = SlotTable(&allowance) else {
            Issue.record("no memory")
            return
        }
        for entry in 0..<256 as Range<UInt32> {
            let isIn = table.insert(entry &* 77, entry: entry, &allowance)
            #expect(isIn)
        }
        let isInFull = table.insert(1, entry: 1000, &allowance)
        let count = table.count
        let found = table.find(77 * 77) { $0 == 77 }
        #expect(!isInFull)
        #expect(count == 256)
        #expect(found == 77)
        table.remove(77 * 77, entry: 77)
        let isInAgain = table.insert(1, entry: 1000, &allowance)
        #expect(isInAgain)
    }
}

@Suite("tail_sampling: recorded decisions for late spans")
struct DecisionCacheTests {
    private func kept(_ threshold: UInt64) -> Decision {
        Decision(isKept: true, writesRandomness: true, policy: 3, threshold: threshold, randomness: threshold + 1)
    }

    @Test("The newest decisions up to the limit are remembered, the oldest give way")
    func forgetsTheOldest() throws {
        var allowance = MemoryAllowance(limit: 1 << 26, reservation: nil)
        guard var cache = DecisionCache(keptLimit: 10_000, notKeptLimit: 10, &allowance) else {
            Issue.record("no memory")
            return
        }
        for key in 0..<25_000 as Range<UInt64> {
            cache.insert(key &* 0x9e37_79b9_7f4a_7c15, kept(key), record: UInt32(key), now: key, &allowance)
        }
        for key in 100..<120 as Range<UInt64> { cache.insert(key, .notSampled, record: 1, now: 7, &allowance) }
        for key in 0..<15_000 as Range<UInt64> {
            let isForgotten = cache.find(key &* 0x9e37_79b9_7f4a_7c15) == nil
            #expect(isForgotten)
        }
        for key in 15_000..<25_000 as Range<UInt64> {
            guard let found = cache.find(key &* 0x9e37_79b9_7f4a_7c15) else {
                Issue.record("decision \(key) is forgotten")
                continue
            }
            #expect(found.decision.isKept && found.decision.threshold == key && found.decidedAt == key)
            #expect(found.record == UInt32(key))
            #expect(found.decision.randomness == key + 1 && found.decision.policy == 3)
        }
        let (pushedOut, stillThere) = (cache.find(109), cache.find(110))
        #expect(pushedOut == nil)
        #expect(stillThere?.decision.isKept == false)
    }

    @Test("A cache of size 0 remembers nothing, and short memory only makes it smaller")
    func sizes() throws {
        var allowance = MemoryAllowance(limit: 9000, reservation: nil)
        guard var cache = DecisionCache(keptLimit: 0, notKeptLimit: 100_000, &allowance) else {
            Issue.record("no memory")
            return
        }
        cache.insert(1, kept(5), record: 1, now: 0, &allowance)
        cache.insert(2, .notSampled, record: 2, now: 0, &allowance)
        let found = [cache.find(1), cache.find(2)]
        #expect(found.allSatisfy { $0 == nil })
        #expect(allowance.used <= 9000)
    }
}

import CollectorCore
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: numbers of keys")
struct TraceKeyTableTests {
    private let minute: UInt64 = 60_000_000_000

    private func add(_ key: Int, to table: inout TraceKeyTable, now: UInt64 = 0) -> TraceKeyID {
        table.id(UInt64(key), now: now) { ["key \(key)"] }
    }

    @Test("A key keeps its number, and the number leads back to its values")
    func numbers() {
        var table = TraceKeyTable()
        let ids = (0..<100).map { add($0, to: &table) }
        for key in 0..<100 {
            #expect(add(key, to: &table) == ids[key])
            #expect(table.values(ids[key]) == ["key \(key)"])
        }
        #expect(Set(ids.map(\.rawValue)).count == 100)
        #expect(!ids.contains(.other))
        #expect(table.values(.other) == nil)
        #expect(table.count == 100)
    }

    @Test("Keys that there is no room for share one number; room is made from keys not seen for ten minutes")
    func bound() {
        var table = TraceKeyTable()
        let first = (0..<TraceKeyTable.capacity).map { add($0, to: &table) }
        #expect(add(-1 & 0xffff_ffff, to: &table, now: minute) == .other)
        #expect(table.refusals == 1)
        // Half of them are seen again.
        for key in stride(from: 0, to: TraceKeyTable.capacity, by: 2) { _ = add(key, to: &table, now: 9 * minute) }
        let forgotten = table.forgetIdle(now: 11 * minute)
        #expect(table.count == TraceKeyTable.capacity / 2)
        #expect(Set(forgotten) == Set(stride(from: 1, to: TraceKeyTable.capacity, by: 2).map { first[$0] }))
        let late = (0..<TraceKeyTable.capacity).map { add(1_000_000 + $0, to: &table, now: 11 * minute) }
        #expect(late.count { $0 != .other } == TraceKeyTable.capacity / 2)
        #expect(table.count == TraceKeyTable.capacity)
        #expect(table.values(first[0]) == ["key 0"])
        #expect(table.values(first[1]) == nil)
        // The same positions, other numbers.
        #expect(Set(late).subtracting([.other]).isDisjoint(with: first))
        #expect(Set(late.map(\.index)).subtracting([0]).isSubset(of: first.map(\.index)))
    }

    @Test("Idle keys are looked for at most once a minute")
    func sweeps() {
        var table = TraceKeyTable()
        for key in 0..<100 { _ = add(key, to: &table, now: UInt64(key == 7 ? 0 : 1)) }
        #expect(table.forgetIdle(now: 10 * minute).count == 1)
        #expect(table.forgetIdle(now: 10 * minute + 2).isEmpty)
        #expect(table.forgetIdle(now: 11 * minute).count == 100)
        // Nobody needs their room: decisions can be explained with their names.
        #expect(table.count == 100 && table.values(add(7, to: &table)) == ["key 7"])
    }

    @Test("A time before that of another thread makes no busy key idle")
    func timesOutOfOrder() {
        var table = TraceKeyTable()
        let first = (0..<100).map { add($0, to: &table, now: 20 * minute) }
        #expect(table.forgetIdle(now: 20 * minute - 5).isEmpty)
        #expect(add(7, to: &table, now: 10 * minute) == first[7])
        #expect(add(7, to: &table, now: 25 * minute) == first[7])
        #expect(add(7, to: &table, now: 24 * minute) == first[7])
        #expect(table.forgetIdle(now: 30 * minute).count == 99)
        #expect(table.values(first[7]) == ["key 7"])
        // What came later than the last look.
        #expect(table.forgetIdle(now: 10 * minute).isEmpty)
    }

    @Test("Keys are remembered as long as a policy looks back, unless others wait for their room")
    func longWindow() {
        var table = TraceKeyTable()
        table.charge(0, for: 60 * minute)
        for key in 0..<TraceKeyTable.capacity { _ = add(key, to: &table) }
        #expect(table.forgetIdle(now: 59 * minute).isEmpty)
        #expect(add(20_000, to: &table, now: 59 * minute) == .other)
        #expect(table.forgetIdle(now: 59 * minute + minute).count == TraceKeyTable.capacity)
    }

    @Test("A number is never given out twice, also when all keys were forgotten and the table has become small")
    func generationsOutlive() {
        let memory = KeyMemory(ByteBudget(limit: 800_000) { 0 })
        var table = TraceKeyTable(memory)
        var seen: Set<TraceKeyID> = []
        for round in 0..<5 {
            let now = UInt64(round) * 11 * minute
            let ids = (0..<1000).map { add(round * 1000 + $0, to: &table, now: now) }.filter { $0 != .other }
            #expect(ids.count > 100 && ids.count < 1000)
            for id in ids { #expect(seen.insert(id).inserted) }
            #expect(Set(table.forgetIdle(now: now + 10 * minute)) == Set(ids))
            #expect(table.count == 0 && memory.used == 0)
        }
    }

    @Test("Memory is taken for each new key, with what is learned of it, and given back; without room it is not known")
    func memory() throws {
        let budget = ByteBudget(limit: 800_000) { 0 }
        let memory = KeyMemory(budget)
        var table = TraceKeyTable(memory)
        table.charge(1000, for: 0)
        let ids = (0..<1000).map { add($0, to: &table) }
        let known = ids.count { $0 != .other }
        #expect((60...90).contains(known), "\(known)")
        #expect(memory.used > known * 1000 && memory.used <= 100_000)
        #expect(budget.usedBytes == memory.used)
        #expect(table.refusals == 1000 - known)
        // Known ones stay known.
        #expect((0..<known).allSatisfy { add($0, to: &table, now: minute) == ids[$0] })
        // Long values are what they are, and asked for only when there is room.
        #expect(
            table.id(77_777, now: 0) {
                Issue.record("not stored")
                return []
            } == .other)
        // Others waited for room.
        #expect(table.forgetIdle(now: 20 * minute).count == known)
        #expect(memory.used == 0 && budget.usedBytes == 0)
        let long = String(repeating: "x", count: 256)
        _ = table.id(1, now: 0) { [long, long, long, long] }
        #expect(memory.used > 1000 + 4 * 256)
    }

    @Test("Others that use the budget up leave no room either")
    func sharedBudget() throws {
        let budget = ByteBudget(limit: 800_000) { 0 }
        let memory = KeyMemory(budget)
        var table = TraceKeyTable(memory)
        let others = try budget.reserve(799_900)
        #expect(add(1, to: &table) == .other)
        others.shrink(to: 0)
        #expect(add(1, to: &table) != .other)
    }

    @Test("What was learned of a forgotten key is never taken for another's")
    func generations() {
        var states = KeyedStates<Int>()
        let old = TraceKeyID(index: 3, generation: 0)
        let new = TraceKeyID(index: 3, generation: 1)
        states.update(old, new: 0) { $0 += 10 }
        states.update(old, new: 0) { $0 += 10 }
        #expect(states.read(old) { $0 } == 20)
        #expect(states.read(new) { $0 } == nil)
        states.update(new, new: 0) { $0 += 1 }
        // A trace that waited long still has the old number.
        states.update(old, new: 0) { $0 += 10 }
        #expect(states.read(new) { $0 } == 1)
        #expect(states.read(old) { $0 } == nil)
        #expect(TraceKeyID(index: 3, generation: 4096).isNewer(than: TraceKeyID(index: 3, generation: 4095)))
    }

    @Test("What is learned of a silent key is given back; the key keeps its number and needs room when it is back")
    func dormant() throws {
        let budget = ByteBudget(limit: 800_000) { 0 }
        let memory = KeyMemory(budget)
        var table = TraceKeyTable(memory)
        table.charge(10_000, for: 15 * minute)
        let id = add(1, to: &table)
        #expect(table.forgetIdle(now: 14 * minute).isEmpty)
        #expect(table.forgetIdle(now: 15 * minute) == [id])
        #expect(memory.used < 1000 && table.values(id) == ["key 1"])
        let others = try budget.reserve(795_000)
        #expect(add(1, to: &table, now: 16 * minute) == .other)
        others.shrink(to: 0)
        #expect(add(1, to: &table, now: 16 * minute) == id)
        #expect(memory.used > 10_000)
        #expect(table.forgetIdle(now: 17 * minute).isEmpty)
    }

    @Test("Forgotten keys leave nothing behind, and can be learned anew")
    func forgetting() {
        var states = KeyedStates<[Int]>()
        let ids = (1...100).map { TraceKeyID(index: $0, generation: 5) }
        for id in ids { states.update(id, new: [0]) { $0.append(1) } }
        let newer = TraceKeyID(index: 50, generation: 6)
        states.update(newer, new: [7]) { _ in }
        states.forget(ids, leaving: [])
        #expect(ids.allSatisfy { states.read($0) { $0 } == nil })
        #expect(states.read(newer) { $0 } == [7])
        states.update(ids[99], new: [0]) { $0.append(1) }
        #expect(states.read(ids[99]) { $0 } == [0, 1])
        var all: [[Int]] = []
        states.updateAll { all.append($0) }
        #expect(all == [[7], [0, 1]])
    }
}

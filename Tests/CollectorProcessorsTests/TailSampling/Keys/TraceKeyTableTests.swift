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
        // Half of them are seen again.
        for key in stride(from: 0, to: TraceKeyTable.capacity, by: 2) { _ = add(key, to: &table, now: 9 * minute) }
        let late = (0..<TraceKeyTable.capacity).map { add(1_000_000 + $0, to: &table, now: 11 * minute) }
        #expect(late.count { $0 != .other } == TraceKeyTable.capacity / 2)
        #expect(table.count == TraceKeyTable.capacity)
        #expect(table.values(first[0]) == ["key 0"])
        #expect(table.values(first[1]) == nil)
        // The same positions, other numbers.
        #expect(Set(late).subtracting([.other]).isDisjoint(with: first))
        #expect(Set(late.map(\.index)).subtracting([0]).isSubset(of: first.map(\.index)))
    }

    @Test("A full table looks for idle keys at most once a minute")
    func sweeps() {
        var table = TraceKeyTable()
        for key in 0..<TraceKeyTable.capacity { _ = add(key, to: &table, now: UInt64(key == 7 ? 0 : 1)) }
        #expect(add(20_000, to: &table, now: 10 * minute) != .other)
        #expect(add(20_001, to: &table, now: 10 * minute + 2) == .other)
        #expect(add(20_001, to: &table, now: 11 * minute) != .other)
    }

    @Test("A time before that of another thread makes no busy key idle, and no later look too early")
    func timesOutOfOrder() {
        var table = TraceKeyTable()
        let first = (0..<TraceKeyTable.capacity).map { add($0, to: &table, now: 20 * minute) }
        #expect(add(20_000, to: &table, now: 20 * minute - 5) == .other)
        #expect((0..<TraceKeyTable.capacity).allSatisfy { table.values(first[$0]) == ["key \($0)"] })
        #expect(add(7, to: &table, now: 10 * minute) == first[7])
        #expect(add(20_000, to: &table, now: 30 * minute - 1) == .other)
        // A look would find all of them idle but the seventh, seen since; the last one was less than a minute before.
        #expect(add(7, to: &table, now: 25 * minute) == first[7])
        #expect(add(20_000, to: &table, now: 30 * minute + 1) == .other)
        #expect(add(20_000, to: &table, now: 19 * minute) == .other)
        #expect(add(20_000, to: &table, now: 32 * minute) != .other)
        #expect(table.values(first[7]) == ["key 7"])
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
}

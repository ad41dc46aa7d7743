import Synchronization

/// The keys known at each place of the plan. One for a whole processor, so that a key has one number in all shards.
final class TraceKeyRegistry: Sendable {
    private let tables: Mutex<[TraceKeyTable]>
    private let memory: KeyMemory

    init(_ memory: KeyMemory = KeyMemory()) {
        self.memory = memory
        tables = Mutex((0..<TraceKeys.capacity).map { _ in TraceKeyTable(memory) })
    }

    /// Sets `bytes` aside for each key of a place, for what a policy learns of it and makes use of for `window`
    /// nanoseconds.
    func charge(_ bytes: Int, for window: UInt64, at place: Int) {
        tables.withLock { $0[place].charge(bytes, for: window) }
    }

    /// Looks numbers up, all in one lock hold.
    func withTables<E: Error>(_ body: (inout [TraceKeyTable]) throws(E) -> Void) throws(E) {
        try tables.withLock { (tables: inout sending [TraceKeyTable]) throws(E) in try body(&tables) }
    }

    /// Gives back memory of keys that were not seen for a while.
    func forgetIdle(now: UInt64) -> ForgottenKeys {
        ForgottenKeys(
            ids: tables.withLock { tables in
                // They share their memory: idle keys of one make room for new ones of another.
                let needsRoom = tables.contains { $0.needsRoom }
                return tables.indices.map { tables[$0].forgetIdle(now: now, needsRoom: needsRoom) }
            })
    }

    /// Keys that are known, at all places together.
    var count: Int { tables.withLock { tables in tables.reduce(0) { $0 + $1.count } } }

    /// How often there was no room for a key, at all places together.
    var refusals: Int { tables.withLock { tables in tables.reduce(0) { $0 + $1.refusals } } }

    /// What is set aside for the keys and what is learned of them.
    var bytes: Int { memory.used }

    /// The key's values, for people; nil when it is forgotten, or one of those that there was no room for.
    func values(_ id: TraceKeyID, at place: Int) -> [String]? { tables.withLock { $0[place].values(id) } }
}

/// Keys that were not seen for a while: nothing need be known of them now.
struct ForgottenKeys: Sendable {
    /// By their places.
    let ids: [[TraceKeyID]]

    var isEmpty: Bool { ids.allSatisfy(\.isEmpty) }
}

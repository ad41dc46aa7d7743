import Synchronization

/// The keys known at each place of the plan. One for a whole processor, so that a key has one number in all shards.
final class TraceKeyRegistry: Sendable {
    private let tables = Mutex<[TraceKeyTable]>(Array(repeating: TraceKeyTable(), count: TraceKeys.capacity))

    /// Looks numbers up, all in one lock hold.
    func withTables<E: Error>(_ body: (inout [TraceKeyTable]) throws(E) -> Void) throws(E) {
        try tables.withLock { (tables: inout sending [TraceKeyTable]) throws(E) in try body(&tables) }
    }

    /// Keys that are known, at all places together.
    var count: Int { tables.withLock { tables in tables.reduce(0) { $0 + $1.count } } }

    /// The key's values, for people; nil when it is forgotten, or one of those that there was no room for.
    func values(_ id: TraceKeyID, at place: Int) -> [String]? { tables.withLock { $0[place].values(id) } }
}

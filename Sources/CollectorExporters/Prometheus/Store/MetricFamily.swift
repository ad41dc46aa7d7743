import OTLPWire
import Synchronization

/// One metric family: its name, its type, and all series of that name from all resources and scopes.
///
/// Every family has its own lock, held for a few hundred points of a batch, or a few dozen series of a scrape, at a
/// time.
final class MetricFamily: Sendable {
    /// Series a scrape renders before it lets others in.
    static let seriesPerHold = 64

    /// By the translation strategy, before escaping.
    let name: [UInt8]
    let kind: FamilyKind
    let texts: FamilyTexts
    /// Whether its description was too long to be shown as a whole.
    let hasCutHelp: Bool
    let state: Mutex<FamilyState>
    /// After how many nanoseconds without a point its series go; nil for never.
    let expiration: UInt64?
    /// Whether no format can show it, since others have its names: its points would count as shown and never be.
    let isHidden = Atomic(false)
    /// The family has left the store; whoever still holds it looks again. Changes under the lock of `state`.
    let isRetired = Atomic(false)
    private let charges: [MemoryCharge]

    init(
        name: [UInt8], kind: FamilyKind, texts: FamilyTexts, hasCutHelp: Bool, expiration: UInt64?, tools: IngestTools,
        charges: [MemoryCharge]
    ) {
        self.name = name
        self.kind = kind
        self.texts = texts
        self.hasCutHelp = hasCutHelp
        self.expiration = expiration
        self.charges = charges
        state = Mutex(FamilyState(kind: kind, memory: tools.memory, lostSums: tools.conflicts.histogramSum))
    }

    /// The names it takes in each of `ScrapeFormat.all`.
    var claims: [[[UInt8]]] { texts.claims }

    /// The moment before which a last point is too old to be shown.
    func cutoff(_ now: UInt64) -> UInt64 { MetricStore.cutoff(now, expiration) }

    /// Whether no point has come since `cutoff`: nothing of the family is shown any more then, and its name is free.
    func isExpired(_ cutoff: UInt64) -> Bool {
        state.withLock { $0.isEmpty || $0.updated <= cutoff }
    }

    /// How many streams it has.
    var streamCount: Int { state.withLock { $0.positions.count } }

    /// Marks the family as gone if it has no streams alive, and forgets those that have none left; true when it is
    /// gone.
    func retire(ifExpired cutoff: UInt64, _ removed: (SeriesKey, StreamKey) -> Void) -> Bool {
        state.withLock { state in
            state.removeExpired(cutoff, removed)
            isRetired.store(state.isEmpty, ordering: .relaxed)
            return state.isEmpty
        }
    }

    /// Removes the streams and exemplars whose time is over; true when none are left.
    func sweep(streams cutoff: UInt64, exemplars exemplarCutoff: UInt64, _ removed: (SeriesKey, StreamKey) -> Void)
        -> Bool
    {
        state.withLock { state in
            state.removeExpired(cutoff, removed)
            for position in state.headers.indices {
                state.changeExemplars(of: position) { $0.remove(storedUpTo: exemplarCutoff) }
            }
            return state.isEmpty
        }
    }

    func withdraw(_ traces: Set<TraceID>) {
        guard kind == .histogram || kind == .counter else { return }
        state.withLock { state in
            for position in state.headers.indices { state.changeExemplars(of: position) { $0.remove(traces) } }
        }
    }
}

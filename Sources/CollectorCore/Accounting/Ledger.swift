// The books: every item that is received is accounted for, per signal and branch.
//
//     received = refused + forwarded + exposed + held + dropped{component, reason}
//
// A pipeline has an account; where it fans out to exporters and connectors, each one's branch has its own, which receives
// what the pipeline's account calls forwarded. What a connector makes is received by the pipelines it begins. `held` is summed by asking the buffers, not by subtraction, so the residual shows what
// was lost. At rest it is zero; in motion the items inside a call are counted as `inside`.

import Synchronization

/// All accounts of the process.
package final class Ledger: Sendable {
    private let accounts = Mutex<[Account]>([])

    package init() {}

    /// Opens an account. `branch` says whose it is: `pipeline traces/main`, `exporter otlp_http`.
    package func open(signal: Signal, branch: String) -> Account {
        let account = Account(signal: signal, branch: branch)
        accounts.withLock { $0.append(account) }
        return account
    }

    /// How the books stand, in the order the accounts were opened.
    package func statements() -> [Account.Statement] { accounts.withLock { $0 }.map { $0.statement() } }
}

/// One signal's items on one branch.
package final class Account: Sendable {
    package let signal: Signal
    package let branch: String
    package let received = Counter()
    package let refused = Counter()
    /// Handed on: to the exporters of a pipeline, delivered by an exporter, or made use of by a connector.
    package let forwarded = Counter()
    /// Taken into a store that shows them, such as the scrape endpoint's.
    package let exposed = Counter()
    private let inside = Atomic<Int>(0)
    private let pending = Atomic<Int>(0)
    private let books = Mutex(Books())

    private struct Books {
        var drops: [DropCounter] = []
        var holders: [@Sendable () -> Int] = []
    }

    private struct DropCounter {
        var component: String
        var reason: String
        var counter: Counter
    }

    package init(signal: Signal, branch: String) {
        self.signal = signal
        self.branch = branch
    }

    /// The counter of items that `component` dropped for `reason`; asked for at start, used without a lock.
    package func dropped(_ component: String, _ reason: String) -> Counter {
        books.withLock { books in
            for drop in books.drops where drop.component == component && drop.reason == reason { return drop.counter }
            let counter = Counter()
            books.drops.append(DropCounter(component: component, reason: reason, counter: counter))
            return counter
        }
    }

    /// Registers a buffer; `count` walks it and returns the items it holds.
    package func addHolder(_ count: @escaping @Sendable () -> Int) {
        books.withLock { $0.holders.append(count) }
    }

    /// Runs a call whose items are in nobody's buffer while it lasts.
    package func whileInside<Result, Failure: Error>(
        _ items: Int, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        inside.add(items, ordering: .relaxed)
        defer { inside.subtract(items, ordering: .relaxed) }
        return try body()
    }

    /// Calls `settled` with how a batch was taken, now or when that is known; until then `items` of it count as held.
    package func settle(
        _ acceptance: Acceptance, holding items: Int, _ settled: @escaping @Sendable (Completion.Outcome) -> Void
    ) {
        switch acceptance {
        case .done(let refused): settled(.success(refused))
        case .pending(let completion):
            pending.add(items, ordering: .relaxed)
            completion.whenFulfilled { outcome in
                settled(outcome)
                self.pending.subtract(items, ordering: .relaxed)
            }
        }
    }

    /// The account's figures at one moment.
    package struct Statement: Sendable {
        package var signal: Signal
        package var branch: String
        package var received: Int
        package var refused: Int
        package var forwarded: Int
        package var exposed: Int
        package var held: Int
        package var inside: Int
        package var dropped: [(component: String, reason: String, count: Int)]

        /// What the books cannot explain: 0 at rest.
        package var residual: Int {
            received - refused - forwarded - exposed - held - dropped.reduce(0) { $0 + $1.count }
        }
    }

    package func statement() -> Statement {
        let (drops, holders) = books.withLock { ($0.drops, $0.holders) }
        return Statement(
            signal: signal, branch: branch, received: Int(received.value), refused: Int(refused.value),
            forwarded: Int(forwarded.value), exposed: Int(exposed.value),
            held: holders.reduce(pending.load(ordering: .relaxed)) { $0 + $1() },
            inside: inside.load(ordering: .relaxed),
            dropped: drops.map { ($0.component, $0.reason, Int($0.counter.value)) })
    }
}

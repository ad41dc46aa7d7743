// The delivery contract, checked for any component: what it says yes to is delivered exactly once or counted as dropped;
// what it refuses is not delivered and may come again; a shutdown drains; the books balance at every rest.
//
// The driver plays a client that sends requests of numbered spans, sends again what is refused for now, and turns the
// clock. Everything random comes from a seed, so a violation repeats.

package import CollectorCore

/// A component under the contract, with its ends.
package struct ContractSubject: Sendable {
    /// Started and shut down by the checker.
    package var component: any Component
    /// Where requests go in; usually an `AccountedHead`.
    package var entry: any Consumer
    package var clock: ManualClock
    /// All books that must balance.
    package var accounts: [Account]
    /// What each destination behind the component received, by item number. Every destination must receive everything.
    package var delivered: @Sendable () throws -> [[UInt64]]
    /// What else must hold when all is over; nil when it does.
    package var finalProblem: @Sendable () -> String? = { nil }

    package init(
        component: any Component, entry: any Consumer, clock: ManualClock, accounts: [Account],
        delivered: @escaping @Sendable () throws -> [[UInt64]]
    ) {
        self.component = component
        self.entry = entry
        self.clock = clock
        self.accounts = accounts
        self.delivered = delivered
    }
}

/// What kind of loss a component may have; every loss is counted as dropped all the same.
package enum AllowedLoss: Sendable {
    /// Requests that a backend refuses for good, and no others.
    case poison(@Sendable (UInt64) -> Bool)
    /// Samplers choose; what is lost must be counted.
    case counted
}

/// Drives components and lists what they did wrong: `#expect(try await DeliveryContract(...).violations(of: …) == [])`.
package struct DeliveryContract: Sendable {
    package var seed: UInt64
    package var requests = 150
    package var largestRequest: UInt64 = 5
    /// Requests that come as one batch, as `batch` makes them, at most.
    package var largestMerge = 1
    package var loss = AllowedLoss.poison { $0 % 29 == 0 }
    /// How far the clock is turned between requests, at most.
    package var largestStep = Duration.milliseconds(400)
    /// How long the shutdown may take.
    package var shutdownTime = Duration.seconds(600)

    package init(seed: UInt64, loss: AllowedLoss = .poison { $0 % 29 == 0 }) {
        self.seed = seed
        self.loss = loss
    }

    /// What a fresh component does wrong when it is shut down without a start, twice.
    package func lifecycleViolations(of subject: ContractSubject) async throws -> [String] {
        await subject.clock.shutDown(subject.component, within: .seconds(1))
        await subject.clock.shutDown(subject.component, within: .seconds(1))
        let run = ContractRun(contract: self, subject: subject)
        return run.bookProblems(at: "after a shutdown without start")
    }

    /// What the component does wrong under load, during and after its shutdown.
    package func violations(of subject: ContractSubject) async throws -> [String] {
        var run = ContractRun(contract: self, subject: subject)
        try await subject.component.start()
        for _ in 0..<requests {
            try run.sendRequest()
            run.sendAgain()
            run.turnClock()
            run.checkBooks(at: "between requests")
        }
        await subject.clock.shutDown(subject.component, within: shutdownTime)
        run.checkBooks(at: "after the shutdown")
        await subject.clock.shutDown(subject.component, within: shutdownTime)
        run.checkBooks(at: "after the second shutdown")
        try run.checkDelivery()
        return run.problems
    }
}

extension ManualClock {
    /// Shuts a component down and turns the clock until that is over.
    package func shutDown(_ component: any Component, within time: Duration) async {
        let deadline = now() &+ time.nanoseconds
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await component.shutdown(deadline: deadline)
                return true
            }
            group.addTask {
                while !Task.isCancelled {
                    self.advance(by: .milliseconds(100))
                    // Slow enough that time does not run out before a busy machine lets the component act on it.
                    try? await Task.sleep(for: .milliseconds(1))
                }
                return false
            }
            while let isOver = await group.next(), !isOver {}
            group.cancelAll()
        }
    }
}

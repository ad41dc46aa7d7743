import CollectorCore
import OTLPWire
import Synchronization

/// One run of a contract: the client's side of it.
struct ContractRun {
    private struct Request {
        var items: [UInt64]
        var batch: Batch
    }

    private let contract: DeliveryContract
    private let subject: ContractSubject
    private var random: SeededGenerator
    private var lastItem: UInt64 = 0
    /// The items of each request.
    private var requests: [[UInt64]] = []
    /// Refused for now: the client sends them again.
    private var refusedForNow: [Request] = []
    private var accepted: [UInt64] = []
    private var refused: [UInt64] = []
    /// Answers that the component promised for later.
    private let promises = PromiseCounter()
    private(set) var problems: [String] = []

    init(contract: DeliveryContract, subject: ContractSubject) {
        self.contract = contract
        self.subject = subject
        random = SeededGenerator(seed: contract.seed)
    }

    mutating func sendRequest() throws {
        var segments: [Segment] = []
        var items: [UInt64] = []
        for _ in 0..<Int.random(in: 1...contract.largestMerge, using: &random) {
            let own = nextItems()
            let spans = own.map { TestSpan(.test($0), spanID: $0) }
            segments.append(try Segment(signal: .traces, tracesRequest(spans)))
            items += own
        }
        send(Request(items: items, batch: Batch(signal: .traces, segments: segments)))
    }

    /// The items of the next request of one sender.
    private mutating func nextItems() -> [UInt64] {
        let first = lastItem + 1
        lastItem += UInt64.random(in: 1...contract.largestRequest, using: &random)
        requests.append(Array(first...lastItem))
        return Array(first...lastItem)
    }

    mutating func sendAgain() {
        let requests = refusedForNow
        refusedForNow = []
        for request in requests { send(request) }
    }

    private mutating func send(_ request: Request) {
        do throws(DeliveryError) {
            if case .pending(let completion) = try subject.entry.consume(request.batch) { promises.add(completion) }
            accepted += request.items
        } catch {
            if error.isRetryable { refusedForNow.append(request) } else { refused += request.items }
        }
    }

    mutating func turnClock() {
        let most = Int64(clamping: contract.largestStep.nanoseconds)
        subject.clock.advance(by: .nanoseconds(Int64.random(in: 0...most, using: &random)))
    }

    mutating func checkBooks(at moment: String) {
        for problem in bookProblems(at: moment) where !problems.contains(problem) { problems.append(problem) }
    }

    func bookProblems(at moment: String) -> [String] {
        subject.accounts.compactMap(\.imbalance).map { "\(moment): \($0)" }
    }

    mutating func checkDelivery() throws {
        for account in subject.accounts where account.statement().held != 0 {
            problems.append("\(account.branch) still holds \(account.statement().held) items after the shutdown")
        }
        if promises.open > 0 { problems.append("\(promises.open) promised answers never came") }
        for (number, items) in try subject.delivered().enumerated() { check(items, destination: number) }
        if let problem = subject.finalProblem() { problems.append(problem) }
    }

    private mutating func check(_ delivered: [UInt64], destination: Int) {
        let place = "destination \(destination)"
        let taken = Set(delivered)
        if taken.count != delivered.count {
            problems.append("\(place) received \(delivered.count - taken.count) items more than once")
        }
        let unasked = taken.intersection(refused + refusedForNow.flatMap(\.items))
        if !unasked.isEmpty { problems.append("\(place) received items that were refused: \(unasked.sorted())") }
        let strange = taken.subtracting(accepted).subtracting(unasked)
        if !strange.isEmpty { problems.append("\(place) received items that nobody sent: \(strange.sorted())") }
        let lost = Set(accepted).subtracting(taken)
        let dropped = subject.accounts.reduce(0) { $0 + $1.statement().dropped.reduce(0) { $0 + $1.count } }
        if dropped != lost.count {
            problems.append("\(place) lacks \(lost.count) accepted items, \(dropped) are counted as dropped")
        }
        if case .poison(let isPoison) = contract.loss {
            // A request is refused as a whole, so poison takes the other items of its request with it, and no others.
            let doomed = Set(requests.filter { $0.contains(where: isPoison) }.flatMap { $0 })
            let innocent = lost.subtracting(doomed)
            if !innocent.isEmpty { problems.append("\(place) lacks items for others' poison: \(innocent.sorted())") }
        }
        if delivered.isEmpty { problems.append("\(place) received nothing: the run proves nothing") }
    }
}

/// Counts answers that are promised and have not come.
private final class PromiseCounter: Sendable {
    private let count = Atomic<Int>(0)

    var open: Int { count.load(ordering: .relaxed) }

    func add(_ completion: Completion) {
        count.add(1, ordering: .relaxed)
        completion.whenFulfilled { _ in self.count.subtract(1, ordering: .relaxed) }
    }
}

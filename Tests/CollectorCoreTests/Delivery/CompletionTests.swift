import CollectorCore
import Synchronization
import Testing

@Suite struct CompletionTests {
    /// What a completion told, as often as it did.
    private final class Told: Sendable {
        private let state = Mutex<[String]>([])
        var all: [String] { state.withLock { $0 } }

        init(_ completion: Completion) {
            completion.whenFulfilled { outcome in
                let text =
                    switch outcome {
                    case .success(let refused): refused.map { "\($0.count) \($0.reason)" } ?? "taken"
                    case .failure(let error): error.message
                    }
                self.state.withLock { $0.append(text) }
            }
        }
    }

    @Test func `everybody hears the first outcome once, also who asks late`() {
        let completion = Completion()
        let early = [Told(completion), Told(completion)]
        completion.fulfil(.success(nil))
        completion.fulfil(.failure(.permanent("late")))
        #expect(early.map(\.all) == [["taken"], ["taken"]])
        #expect(Told(completion).all == ["taken"])
    }

    @Test func `the whole of several waits for the last part`() {
        let parts = [Completion(), Completion()]
        let whole = Told(.all(parts, refused: Refusal(count: 1, reason: "early"), combine: Refusal.joined))
        parts[1].fulfil(.success(Refusal(count: 2, reason: "second")))
        #expect(whole.all.isEmpty)
        parts[0].fulfil(.success(nil))
        #expect(whole.all == ["3 early"])
    }

    @Test func `one failure fails the whole, the first one is told, after all have ended`() {
        let parts = [Completion(), Completion(), Completion()]
        let whole = Told(.all(parts, refused: nil, combine: Refusal.joined))
        parts[2].fulfil(.failure(.permanent("first")))
        parts[0].fulfil(.failure(.permanent("second")))
        #expect(whole.all.isEmpty)
        parts[1].fulfil(.success(nil))
        #expect(whole.all == ["first"])
    }

    @Test func `an outcome set from many threads is told once`() async {
        let completion = Completion()
        let told = Told(completion)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask { completion.fulfil(.success(Refusal(count: number, reason: ""))) }
            }
        }
        #expect(told.all.count == 1)
    }
}

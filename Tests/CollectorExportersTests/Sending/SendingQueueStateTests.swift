import CollectorCore
import CollectorTestKit
import Synchronization
import Testing

@testable import CollectorExporters

@Suite struct SendingQueueStateTests {
    @Test func `elements leave in the order they came, as many at once as there are consumers`() {
        let queue = TestQueue(capacity: 10, consumers: 2)
        for name in ["a", "b", "c"] { #expect(queue.offer(name)) }
        #expect([queue.next(), queue.next(), queue.next()] == ["a", "b", nil])
        #expect(queue.state.inFlight == 2 && queue.state.waitingCount == 1 && queue.state.heldItems == 3)
        queue.finish(items: 1)
        #expect(queue.next() == "c")
    }

    @Test func `room set aside is room taken`() {
        let queue = TestQueue(capacity: 2, consumers: 1)
        #expect(queue.reserve(1))
        #expect(queue.reserve(1))
        #expect(!queue.reserve(1))
        queue.state.releaseReservation(1)
        #expect(queue.reserve(1))
    }

    @Test func `what is larger than the queue is let in alone`() {
        let queue = TestQueue(capacity: 4, consumers: 1)
        #expect(queue.offer("huge", size: 9))
        #expect(!queue.offer("small"))
        #expect(queue.next() == "huge")
        #expect(queue.offer("small"))
        #expect(!queue.offer("huge", size: 9))
    }

    @Test func `those that wait for room enter in order and hear of it`() {
        let queue = TestQueue(capacity: 1, consumers: 1)
        let heard = Heard()
        #expect(queue.offer("a"))
        for name in ["b", "c"] {
            queue.state.enterOverflow(.init(element: name, size: 1, items: 1, onEnter: { heard.append(name) }))
        }
        #expect(queue.state.heldItems == 3)
        #expect(queue.next() == "a")
        #expect(heard.names == ["b"])
        queue.finish(items: 1)
        #expect(queue.next() == "b")
        #expect(heard.names == ["b", "c"])
        queue.finish(items: 1)
        #expect(queue.next() == "c")
        queue.finish(items: 1)
        #expect(queue.state.isIdle && queue.state.heldItems == 0 && queue.state.size == 0)
    }

    @Test func `a small newcomer does not overtake a large one that waits for room`() {
        let queue = TestQueue(capacity: 4, consumers: 1)
        #expect(queue.offer("a", size: 3))
        queue.state.enterOverflow(.init(element: "large", size: 4, items: 4))
        #expect(!queue.offer("small", size: 1))
    }

    @Test func `what waits for room does not wait for ever when the room came free before`() {
        let queue = TestQueue(capacity: 1, consumers: 1)
        let heard = Heard()
        queue.state.enterOverflow(.init(element: "late", size: 1, items: 1, onEnter: { heard.append("late") }))
        #expect(queue.next() == "late")
        #expect(heard.names == ["late"])
    }

    @Test func `what waits is taken out whole at the end`() {
        let queue = TestQueue(capacity: 1, consumers: 1)
        #expect(queue.offer("a"))
        #expect(queue.next() == "a")
        #expect(queue.offer("b"))
        queue.state.enterOverflow(.init(element: "c", size: 1, items: 1))
        let removed = queue.state.removeAllWaiting()
        #expect(removed.map(\.element) == ["b", "c"])
        #expect(queue.state.heldItems == 1 && !queue.state.isIdle)
        queue.finish(items: 1)
        #expect(queue.state.isIdle)
    }

    @Test(arguments: [(SendingQueueConfig.Sizer.requests, 1), (.items, 3)])
    func `sizers count requests or items`(_ sizer: SendingQueueConfig.Sizer, _ size: Int) throws {
        var config = SendingQueueConfig()
        config.sizer = sizer
        #expect(config.size(of: try .numbered(1...3)) == size)
    }

    @Test func `the sizer for bytes counts the bodies`() throws {
        var config = SendingQueueConfig()
        config.sizer = .bytes
        let batch = try Batch.merged(1...3, 4...4)
        #expect(config.size(of: batch) == batch.segments.reduce(0) { $0 + $1.body.readableBytes })
    }
}

/// The state as tests use it.
private final class TestQueue {
    var state: SendingQueueState<String>

    init(capacity: Int, consumers: Int) { state = SendingQueueState(capacity: capacity, consumers: consumers) }

    func reserve(_ size: Int) -> Bool { state.reserve(size) }

    /// Reserves and enters; false when there is no room.
    func offer(_ element: String, size: Int = 1) -> Bool {
        guard state.reserve(size) else { return false }
        state.enterReserved(.init(element: element, size: size, items: size))
        return true
    }

    /// All items of an element are settled.
    func finish(items: Int) {
        state.settle(items: items)
        state.finish()
    }

    /// The next element to send, after those that entered have heard of it.
    func next() -> String? {
        var entered: [@Sendable () -> Void] = []
        let entry = state.next(entered: &entered)
        for call in entered { call() }
        return entry?.element
    }
}

/// Names in the order they were heard.
private final class Heard: Sendable {
    private let state = Mutex<[String]>([])

    var names: [String] { state.withLock { $0 } }

    func append(_ name: String) { state.withLock { $0.append(name) } }
}

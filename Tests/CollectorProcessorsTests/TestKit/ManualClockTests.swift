import CollectorCore
import CollectorTestKit
import Synchronization
import Testing

@Suite struct ManualClockTests {
    @Test func `calls are made in the order of their deadlines, those included that calls schedule`() {
        let clock = ManualClock(now: 1)
        let order = Mutex<[Int]>([])
        clock.schedule(at: 30) { order.withLock { $0.append(3) } }
        clock.schedule(at: 10) {
            order.withLock { $0.append(1) }
            clock.schedule(at: 20) { order.withLock { $0.append(2) } }
        }
        clock.schedule(at: 15) { order.withLock { $0.append(0) } }.cancel()
        clock.advance(by: .nanoseconds(28))
        #expect(order.withLock { $0 } == [1, 2])
        clock.advance(by: .nanoseconds(1))
        #expect(order.withLock { $0 } == [1, 2, 3])
        #expect(clock.now() == 30)
        #expect(clock.scheduledCount == 0)
    }
}

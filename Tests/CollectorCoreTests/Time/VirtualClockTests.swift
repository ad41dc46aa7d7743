import CollectorCore
import Synchronization
import Testing

@Suite struct VirtualClockTests {
    private let clock = VirtualClock(wallTime: 5_000)
    private let calls = Calls()

    @Test func `calls are made in the order of their deadlines, with the clock at each`() {
        let start = clock.now()
        for delay: UInt64 in [30, 10, 20, 10] {
            clock.schedule(at: start + delay) { [clock, calls] in
                calls.append("\(delay) at \(clock.now() - start), \(clock.wallTime())")
            }
        }
        clock.advance(to: start + 25)
        #expect(calls.all == ["10 at 10, 5010", "10 at 10, 5010", "20 at 20, 5020"])
        #expect(clock.now() == start + 25)
        #expect(clock.nextDeadline == start + 30)
    }

    @Test func `calls of one deadline keep the order in which they were scheduled`() {
        let start = clock.now()
        for number in 0..<50 { clock.schedule(at: start + 1) { [calls] in calls.append("\(number)") } }
        clock.advance(to: start + 1)
        #expect(calls.all == (0..<50).map { "\($0)" })
    }

    @Test func `what a call schedules is made in the same advance when it falls due`() {
        let start = clock.now()
        clock.schedule(at: start + 5) { [clock, calls] in
            clock.schedule(at: start + 7) { calls.append("later at \(clock.now() - start)") }
            clock.schedule(at: start + 1) { calls.append("overdue at \(clock.now() - start)") }
        }
        clock.advance(to: start + 10)
        #expect(calls.all == ["overdue at 5", "later at 7"])
    }

    @Test func `cancelled calls are not made and are no next deadline`() {
        let start = clock.now()
        let call = clock.schedule(at: start + 5) { [calls] in calls.append("cancelled") }
        clock.schedule(at: start + 9) { [calls] in calls.append("made") }
        call.cancel()
        #expect(clock.nextDeadline == start + 9)
        clock.advance(to: start + 10)
        #expect(calls.all == ["made"])
        #expect(clock.nextDeadline == nil)
    }

    @Test func `it never goes backwards, and far times do not overflow`() {
        let start = clock.now()
        clock.advance(to: start + 10)
        clock.advance(to: start)
        #expect(clock.now() == start + 10)
        clock.advance(to: .max)
        #expect(clock.now() == .max)
        clock.skip(nanoseconds: .max)
        #expect(clock.wallTime() == .max)
    }

    @Test func `skipping moves the wall time and no timer`() {
        let start = clock.now()
        clock.schedule(at: start + 5) { [calls] in calls.append("timer") }
        clock.skip(nanoseconds: 1000)
        #expect(clock.now() == start)
        #expect(clock.wallTime() == 6_000)
        #expect(calls.all == [])
    }

    @Test func `thousands of random deadlines come in order`() {
        let start = clock.now()
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let deadline = start + UInt64.random(in: 0..<1000, using: &generator)
            clock.schedule(at: deadline) { [clock, calls] in
                if clock.now() != deadline { calls.append("\(deadline) at \(clock.now())") }
            }
        }
        clock.advance(to: start + 1000)
        #expect(calls.all == [])
        #expect(clock.nextDeadline == nil)
    }
}

private final class Calls: Sendable {
    private let state = Mutex<[String]>([])

    var all: [String] { state.withLock { $0 } }
    func append(_ call: String) { state.withLock { $0.append(call) } }
}

import Testing

@testable import CollectorExporters

@Suite("scrapes that wait for their turn")
struct ScrapeQueueTests {
    private let second: UInt64 = 1_000_000_000

    /// A queue whose places are all taken, by 1, 2 and so on.
    private func full() -> ScrapeQueue {
        var queue = ScrapeQueue()
        for number in 1...ScrapeQueue.runningLimit { #expect(queue.enter(number, now: 0) == [.start(number)]) }
        return queue
    }

    @Test("beyond the limit they wait, the newest first in line")
    func order() {
        var queue = full()
        #expect(queue.enter(100, now: 1) == [] && queue.enter(101, now: 2) == [])
        #expect(queue.leave(3) == [.start(101)])
        #expect(queue.leave(101) == [.start(100)])
        #expect(queue.leave(100) == [] && !queue.hasWaiting)
        #expect(queue.runningCount == ScrapeQueue.runningLimit - 1)
    }

    @Test("the one whose client has read nothing for the longest time gives way, when somebody waits")
    func stalled() {
        var queue = full()
        for number in 1...ScrapeQueue.runningLimit { queue.rest(number, now: UInt64(100 - number)) }
        #expect(queue.look(now: second) == [])
        #expect(queue.enter(100, now: second) == [.cutOff(ScrapeQueue.runningLimit)])
        // One place for one that waits, however often it is asked.
        #expect(queue.look(now: second) == [])
        #expect(queue.leave(ScrapeQueue.runningLimit) == [.start(100)])
    }

    @Test("whose client reads keeps its place")
    func progress() {
        var queue = full()
        for number in 1...ScrapeQueue.runningLimit { queue.rest(number, now: second) }
        queue.work(1)
        #expect(queue.enter(100, now: second + ScrapeQueue.patience - 1) == [])
        #expect(queue.enter(101, now: 2 * second).count == 2)
        #expect(!queue.look(now: 3 * second).contains(.cutOff(1)))
    }

    @Test("too many, or waiting too long, are refused: the oldest first")
    func refusals() {
        var queue = full()
        for number in 0..<ScrapeQueue.waitingLimit { #expect(queue.enter(100 + number, now: second) == []) }
        #expect(queue.enter(500, now: 2 * second) == [.refuse(100)])
        let late = queue.look(now: second + ScrapeQueue.longestWait)
        #expect(late == (101..<100 + ScrapeQueue.waitingLimit).map { .refuse($0) })
        #expect(queue.leave(1) == [.start(500)])
    }
}

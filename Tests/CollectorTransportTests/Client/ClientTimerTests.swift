import NIOCore
import NIOEmbedded
import Testing

@testable import CollectorTransport

@Suite("deadlines on an event loop")
struct ClientTimerTests {
    private let loop = EmbeddedEventLoop()

    @Test("a deadline moved later fires once, at the later time")
    func movedLater() {
        let timer = LoopTimer(eventLoop: loop)
        var fired = 0
        timer.onDeadline = { fired += 1 }
        timer.set(loop.now + .seconds(5))
        timer.set(loop.now + .seconds(9))
        loop.advanceTime(by: .seconds(8))
        #expect(fired == 0)
        loop.advanceTime(by: .seconds(1))
        #expect(fired == 1)
        loop.advanceTime(by: .seconds(20))
        #expect(fired == 1)
    }

    @Test("a deadline moved earlier fires at the earlier time, once")
    func movedEarlier() {
        let timer = LoopTimer(eventLoop: loop)
        var fired = 0
        timer.onDeadline = { fired += 1 }
        timer.set(loop.now + .seconds(90))
        timer.set(loop.now + .seconds(5))
        timer.setEarlier(loop.now + .seconds(7))
        loop.advanceTime(by: .seconds(5))
        #expect(fired == 1)
        loop.advanceTime(by: .seconds(100))
        #expect(fired == 1)
    }

    @Test("a stopped timer does not fire")
    func stopped() {
        let timer = LoopTimer(eventLoop: loop)
        var fired = 0
        timer.onDeadline = { fired += 1 }
        timer.set(loop.now + .seconds(1))
        timer.stop()
        loop.advanceTime(by: .seconds(2))
        #expect(fired == 0)
    }
}

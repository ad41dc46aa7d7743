import CollectorCore
import CollectorProcessors
import CollectorTestKit
import Testing

@Suite struct BatchShutdownTests {
    private func shutDown(_ fixture: BatchFixture, within time: Duration) async {
        await fixture.test.clock.shutDown(fixture.processor, within: time)
    }

    @Test func `a shutdown delivers what is pending, without waiting for its time`() async throws {
        let fixture = try BatchFixture(["timeout": "1h"])
        try fixture.send(1...3)
        await fixture.processor.shutdown(deadline: fixture.test.clock.now() + 1)
        #expect(fixture.sizes == [3])
        await fixture.processor.shutdown(deadline: fixture.test.clock.now() + 1)
        #expect(fixture.sizes == [3])
    }

    @Test func `a shutdown keeps trying until downstream takes the items`() async throws {
        let fixture = try BatchFixture(["timeout": "1h"])
        fixture.sink.failNext(.retryable("full"), .retryable("full"), .retryable("full"))
        try fixture.send(1...3)
        await shutDown(fixture, within: .seconds(60))
        #expect(fixture.sizes == [3])
        #expect(fixture.test.account.imbalance == nil)
    }

    @Test func `what is refused until the deadline is dropped and counted, only then`() async throws {
        let fixture = try BatchFixture(["timeout": "1h"])
        fixture.sink.failAlways(.retryable("down"))
        try fixture.send(1...3)
        await shutDown(fixture, within: .seconds(5))
        #expect(fixture.sink.attempts > 3)
        #expect(fixture.test.account.droppedCount(by: "batch") == 3)
        #expect(fixture.test.verdicts.verdict(of: .test(2)) == .lost)
        #expect(fixture.held == 0)
        #expect(fixture.test.account.imbalance == nil)
    }

    @Test func `after a shutdown nothing is taken in`() async throws {
        let fixture = try BatchFixture([:])
        await fixture.processor.shutdown(deadline: 0)
        #expect { try fixture.send(1...1) } throws: { ($0 as? DeliveryError)?.isRetryable == true }
        #expect(fixture.test.account.imbalance == nil)
    }

    @Test func `many threads lose and double nothing while downstream stumbles`() async throws {
        let fixture = try BatchFixture(["send_batch_size": 50])
        await withTaskGroup { group in
            for worker in 0..<4 as Range<UInt64> {
                group.addTask {
                    for round in 0..<50 as Range<UInt64> {
                        let first = worker * 1_000_000 + round * 100 + 1
                        if round % 7 == 3 { fixture.sink.failNext(.retryable("full")) }
                        while (try? fixture.send(first...(first + 9))) == nil {
                            fixture.test.clock.advance(by: .milliseconds(100))
                        }
                    }
                }
            }
        }
        await shutDown(fixture, within: .seconds(600))
        let delivered = try fixture.deliveredSpanIDs()
        #expect(delivered.count == 2000)
        #expect(Set(delivered).count == 2000)
        #expect(fixture.test.account.imbalance == nil)
    }
}

import CollectorCore
import Testing

@testable import CollectorExporters

@Suite struct RetryPolicyTests {
    private func delays(_ policy: RetryPolicy, count: Int, random: Double = 0.5) -> [Duration?] {
        var state = RetryState(now: 0)
        return (0..<count).map { _ in state.nextDelay(policy, asked: nil, now: 0, random: random) }
    }

    @Test func `waits grow by the multiplier up to the largest`() {
        #expect(
            delays(RetryPolicy(), count: 7)
                == [
                    .seconds(5), .seconds(7.5), .seconds(11.25), .seconds(16.875), .seconds(25.3125), .seconds(30),
                    .seconds(30),
                ])
    }

    @Test(arguments: [(0.0, 2.5), (0.5, 5), (0.75, 6.25)])
    func `waits vary by half around their length`(_ random: Double, _ seconds: Double) {
        #expect(delays(RetryPolicy(), count: 1, random: random) == [.seconds(seconds)])
    }

    @Test(arguments: [(2, 5), (5, 5), (7, 7), (100, 100)])
    func `a wait that the backend asks for is never shortened`(_ asked: Int, _ expected: Int) {
        var state = RetryState(now: 0)
        let delay = state.nextDelay(RetryPolicy(), asked: .seconds(asked), now: 0, random: 0.5)
        #expect(delay == .seconds(expected))
    }

    @Test func `a long wait asked for does not become the base of later ones`() {
        var state = RetryState(now: 0)
        _ = state.nextDelay(RetryPolicy(), asked: .seconds(20), now: 0, random: 0.5)
        #expect(state.nextDelay(RetryPolicy(), asked: nil, now: 0, random: 0.5) == .seconds(7.5))
    }

    @Test(arguments: [(294, true), (295, true), (296, false)])
    func `a try that would begin after the elapsed limit is not made`(_ second: UInt64, _ isMade: Bool) {
        var state = RetryState(now: 7)
        let delay = state.nextDelay(RetryPolicy(), asked: nil, now: 7 + second * 1_000_000_000, random: 0.5)
        #expect((delay != nil) == isMade)
    }

    @Test func `an elapsed limit of zero means for ever`() {
        var policy = RetryPolicy()
        policy.maximumElapsed = .zero
        var state = RetryState(now: 0)
        #expect(state.nextDelay(policy, asked: nil, now: .max / 2, random: 0.5) == .seconds(5))
    }

    @Test func `without retries the first failure is the last`() {
        var policy = RetryPolicy()
        policy.isEnabled = false
        #expect(delays(policy, count: 1) == [nil])
    }
}

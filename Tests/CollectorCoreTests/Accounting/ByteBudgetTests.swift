import CollectorCore
import CollectorTestKit
import Testing

@Suite struct ByteBudgetTests {
    private let clock = ManualClock()

    private func budget(_ limit: Int) -> ByteBudget {
        let clock = clock
        return ByteBudget(limit: limit, now: { clock.now() })
    }

    @Test func `bytes are charged until the last reference goes`() throws {
        let budget = budget(100)
        var first: ByteReservation? = try budget.reserve(60)
        let second = first
        #expect(budget.usedBytes == 60)
        first = nil
        #expect(budget.usedBytes == 60)
        withExtendedLifetime(second) {}
        _ = consume second
        #expect(budget.usedBytes == 0)
    }

    @Test func `what does not fit is refused for now and charges nothing`() throws {
        let budget = budget(100)
        let held = try budget.reserve(60)
        let error = #expect(throws: DeliveryError.self) { try budget.reserve(41) }
        #expect(error?.isRetryable == true && error?.code == .resourceExhausted)
        #expect(error?.message.contains("60 of 100 bytes") == true)
        #expect(budget.usedBytes == 60)
        try held.grow(to: 100)
        #expect(budget.usedBytes == 100)
        #expect(throws: DeliveryError.self) { try held.grow(to: 101) }
        #expect(held.bytes == 100 && budget.usedBytes == 100)
    }

    @Test
    func `whoever holds much is asked to give some back when others are refused, not when it stops growing itself`()
        throws
    {
        let budget = budget(100)
        budget.lowerLimits(to: MemoryLimits(hard: 100, soft: 80))
        let asked = Counter()
        budget.onShortage { asked.add(1) }
        let held = try budget.reserve(0)
        #expect(held.grow(to: 70, within: budget.growthLimit) && budget.usedBytes == 70)
        #expect(!held.grow(to: 71, within: budget.growthLimit) && budget.usedBytes == 70 && asked.value == 0)
        let other = try budget.reserve(30)
        #expect(throws: DeliveryError.self) { try budget.reserve(1) }
        #expect(asked.value == 1 && other.bytes == 30)
    }

    @Test func `a reservation grows and shrinks by what is said`() throws {
        let budget = budget(100)
        let held = try budget.reserve(10)
        try held.grow(to: 5)
        #expect(held.bytes == 10)
        held.shrink(to: 20)
        #expect(held.bytes == 10)
        held.shrink(to: 3)
        #expect(held.bytes == 3 && budget.usedBytes == 3)
        held.shrink(to: -1)
        #expect(budget.usedBytes == 0)
    }

    @Test func `the limit is only ever lowered`() {
        let budget = budget(100)
        budget.lowerLimit(to: 40)
        budget.lowerLimit(to: 90)
        #expect(budget.limitBytes == 40)
    }

    @Test func `the peak is the most since it was last asked for`() throws {
        let budget = budget(100)
        try withExtendedLifetime(budget.reserve(70)) {}
        let held = try budget.reserve(20)
        #expect(budget.takePeak() == 70)
        #expect(budget.takePeak() == 20)
        withExtendedLifetime(held) {}
    }

    @Test func `the delay told is one second while nothing is known`() throws {
        let budget = budget(100)
        let held = try budget.reserve(100)
        let error = #expect(throws: DeliveryError.self) { try budget.reserve(1) }
        #expect(error?.retryAfter == .seconds(1))
        withExtendedLifetime(held) {}
    }

    @Test(arguments: [(2000, 2.0), (100, 1), (1_000_000, 30)])
    func `the delay told follows the rate at which bytes come free, within bounds`(
        _ wanted: Int, _ seconds: Double
    ) throws {
        let budget = budget(1_000_000)
        let held = try budget.reserve(1_000_000 - 1000)
        // 1000 bytes come free in one second.
        try withExtendedLifetime(budget.reserve(1000)) {}
        clock.advance(by: .seconds(1))
        #expect(budget.delay(untilHolding: budget.usedBytes - wanted) == .seconds(seconds))
        withExtendedLifetime(held) {}
    }

    @Test func `a rate that is long past is measured anew`() throws {
        let budget = budget(1_000_000)
        let held = try budget.reserve(500_000)
        try withExtendedLifetime(budget.reserve(1000)) {}
        clock.advance(by: .seconds(1))
        #expect(budget.delay(untilHolding: 498_000) == .seconds(2))
        clock.advance(by: .seconds(1))
        // Nothing came free in the second after.
        #expect(budget.delay(untilHolding: 498_000) == .seconds(1))
        withExtendedLifetime(held) {}
    }
}

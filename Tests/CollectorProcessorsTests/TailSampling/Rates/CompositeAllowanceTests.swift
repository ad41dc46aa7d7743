import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: shares of composite")
struct CompositeAllowanceTests {
    private let second: UInt64 = 1_000_000_000

    /// Asks the parts in order; returns which one paid.
    private func offer(_ spans: Double, to parts: Range<Int>, _ allowance: inout CompositeAllowance) -> Int? {
        for part in parts {
            let isAllowed = allowance.allows(
                spans, part: part, available: allowance.available(to: part), balance: allowance.balance)
            guard isAllowed else { continue }
            allowance.take(spans, part: part)
            return part
        }
        return nil
    }

    @Test(
        "In any second of the clock no more than the total passes, but for a trace larger than that, which is paid off")
    func cap() {
        var random = SeededRandom(seed: 4)
        for round in 0..<60 {
            let total = Double.random(in: 1...1000, using: &random)
            let shares = (0..<Int.random(in: 1...4, using: &random)).map { _ in random.unit() }
            let scale = total * random.unit() / max(1e-9, shares.reduce(0, +))
            var allowance = CompositeAllowance(total: total, shares: shares.map { $0 * scale })
            var now: UInt64 = 5 + UInt64(random.unit() * 1e9)
            var passed: [UInt64: [Double]] = [:]
            var first: UInt64?
            let largest = total * (round % 3 == 0 ? 3 : 0.2)
            for _ in 0..<2000 {
                // Bursts, and seconds of silence between them.
                now += UInt64(random.unit() * random.unit() * (random.unit() < 0.02 ? 5e9 : 2e7))
                first = first ?? now / second
                allowance.fill(until: now)
                let spans = max(1, (random.unit() * largest).rounded())
                if offer(spans, to: Int.random(in: 0..<shares.count, using: &random)..<shares.count, &allowance) != nil
                {
                    passed[now / second, default: []].append(spans)
                }
            }
            for spans in passed.values {
                #expect(spans.count == 1 || spans.reduce(0, +) <= total + 1e-6, "round \(round): \(spans)")
            }
            let seconds = Double(now / second - (first ?? 0) + 1)
            let all = passed.values.joined().reduce(0, +)
            #expect(all <= total * seconds + max(largest, 1), "round \(round)")
        }
    }

    @Test("Who takes a little in every second finds it at the end of one too, whatever the others want")
    func littleAndLate() {
        var allowance = CompositeAllowance(total: 100, shares: [60, 40])
        var late = 0
        for current in 10..<40 as Range<UInt64> {
            var others = 0.0
            for step in 0..<200 as Range<UInt64> {
                allowance.fill(until: current * second + step * second / 200)
                // The first seconds have it early.
                if step == (current < 12 ? 0 : 199), offer(20, to: 0..<1, &allowance) != nil { late += 1 }
                if offer(1, to: 1..<2, &allowance) != nil { others += 1 }
            }
            // The rest of the share is the others' all the same.
            #expect(others >= 55)
        }
        #expect(late == 30)
    }

    @Test("A burst after a silence gets one second's total, not two, as in the OpenTelemetry Collector")
    func burst() {
        for phase in [0, 0.3, 0.9] {
            var allowance = CompositeAllowance(total: 300, shares: [150, 90, 60])
            for burst in 0..<5 {
                var passed: [UInt64: Double] = [:]
                for step in 0..<2000 {
                    let now = UInt64((Double(6 * burst) + 3 + phase + Double(step) / 2000) * 1e9)
                    allowance.fill(until: now)
                    if offer(2, to: 0..<3, &allowance) != nil { passed[now / second, default: 0] += 2 }
                }
                #expect(passed.values.allSatisfy { $0 <= 300 })
                // There is work for all of it; what the last moment lets go nobody is there to take.
                #expect((passed[UInt64(6 * burst) + 3] ?? 0) > 290)
            }
        }
    }

    @Test("Under load from all sides each part gets its share")
    func shares() {
        var allowance = CompositeAllowance(total: 500, shares: [200, 300])
        var passed = [0.0, 0.0]
        // A hundred traces of the first kind for each one of the second.
        for step in 0..<60_000 {
            allowance.fill(until: UInt64(step) * second / 1000)
            let part = step % 100 < 2 ? 1 : 0
            for _ in 0..<(part == 1 ? 25 : 3) where offer(10, to: part..<part + 1, &allowance) != nil {
                passed[part] += 10
            }
        }
        #expect(abs(passed[0] / 60 - 200) < 20)
        #expect(abs(passed[1] / 60 - 300) < 20)
    }

    @Test("What a part leaves unused others may use, and it has its own for the rest of the second when it comes back")
    func spillOver() {
        var allowance = CompositeAllowance(total: 500, shares: [200, 300])
        var passed = 0.0
        for step in 0..<10_000 {
            allowance.fill(until: UInt64(step) * second / 1000)
            while offer(5, to: 0..<1, &allowance) != nil { passed += 5 }
        }
        #expect(abs(passed / 10 - 500) < 40)
        var back = 0.0
        while offer(5, to: 1..<2, &allowance) != nil { back += 5 }
        // Next to nothing is left of this second; the next one begins with all of it.
        #expect(back <= 5)
        back = 0
        allowance.fill(until: 10 * second)
        while offer(5, to: 0..<1, &allowance) != nil {}
        while offer(5, to: 1..<2, &allowance) != nil { back += 5 }
        #expect(back == 300)
        // In the middle of a second it has a half, when it has not taken more lately.
        allowance.fill(until: 100 * second)
        while offer(5, to: 0..<1, &allowance) != nil {}
        allowance.fill(until: 100 * second + second / 2)
        while offer(5, to: 0..<1, &allowance) != nil {}
        back = 0
        while offer(5, to: 1..<2, &allowance) != nil { back += 5 }
        #expect(back == 150)
    }

    @Test("A part without a share lives on what is left over")
    func withoutShare() {
        var allowance = CompositeAllowance(total: 100, shares: [100, 0])
        #expect(offer(1, to: 1..<2, &allowance) == nil)
        allowance.fill(until: second / 10)
        #expect(offer(9, to: 1..<2, &allowance) == nil)
        // What the first part has not used in a tenth of a second is anybody's.
        allowance.fill(until: second + second / 10)
        #expect(offer(9, to: 1..<2, &allowance) == 1)
        #expect(offer(9, to: 1..<2, &allowance) == nil)
        #expect(offer(90, to: 0..<1, &allowance) == 0)
        allowance.fill(until: 99 * second + 9 * second / 10)
        #expect(allowance.balance == 100)
        #expect(offer(80, to: 1..<2, &allowance) == 1)
    }

    @Test("A trace larger than a share passes when the bucket is full, and is paid off")
    func large() {
        var allowance = CompositeAllowance(total: 10, shares: [5, 5])
        allowance.fill(until: second)
        #expect(offer(35, to: 0..<1, &allowance) == 0)
        #expect(allowance.balance == -25)
        // Nothing passes in the next two seconds. In the fourth there are 5 again, and the other part's share is whole.
        for step in 1..<30 {
            allowance.fill(until: second + UInt64(step) * second / 10)
            #expect(offer(1, to: 0..<2, &allowance) == nil)
        }
        allowance.fill(until: 4 * second)
        #expect(allowance.balance == 5)
        #expect(offer(1, to: 0..<1, &allowance) == nil)
        #expect(offer(5, to: 1..<2, &allowance) == 1)
        // What others do not use pays the debt as well.
        allowance.fill(until: 6 * second)
        #expect(offer(5, to: 0..<1, &allowance) == 0)
        // So does a silence.
        var silent = CompositeAllowance(total: 10, shares: [5, 5])
        silent.fill(until: second)
        #expect(offer(1000, to: 0..<1, &silent) == 0)
        silent.fill(until: 100 * second)
        #expect(silent.balance == 0 && offer(1, to: 0..<2, &silent) == nil)
        silent.fill(until: 102 * second)
        #expect(silent.balance == 10 && offer(5, to: 0..<1, &silent) == 0)
    }
}

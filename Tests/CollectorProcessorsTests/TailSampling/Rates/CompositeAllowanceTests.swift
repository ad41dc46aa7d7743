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

    @Test("In any time of t seconds no more than (t + 1) seconds' total pass, plus what one trace is larger")
    func cap() {
        var random = SeededRandom(seed: 4)
        for round in 0..<60 {
            let total = Double.random(in: 1...1000, using: &random)
            let shares = (0..<Int.random(in: 1...4, using: &random)).map { _ in random.unit() }
            let scale = total * random.unit() / max(1e-9, shares.reduce(0, +))
            var allowance = CompositeAllowance(total: total, shares: shares.map { $0 * scale })
            var now: UInt64 = 5
            var passed: [(at: UInt64, spans: Double)] = []
            let largest = total * (round % 3 == 0 ? 3 : 0.2)
            for _ in 0..<2000 {
                now += UInt64(random.unit() * random.unit() * 1e8)
                allowance.fill(until: now)
                let spans = max(1, (random.unit() * largest).rounded())
                if offer(spans, to: Int.random(in: 0..<shares.count, using: &random)..<shares.count, &allowance) != nil
                {
                    passed.append((now, spans))
                }
            }
            for _ in 0..<200 where passed.count > 1 {
                let start = Int.random(in: 0..<passed.count, using: &random)
                let end = Int.random(in: start..<passed.count, using: &random)
                let seconds = Double(passed[end].at - passed[start].at) / 1e9
                let spans = passed[start...end].reduce(0) { $0 + $1.spans }
                #expect(spans <= total * (seconds + 1) + max(largest, 1) + 1e-6, "round \(round)")
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

    @Test("What a part leaves unused others may use, and it has its own at once when it comes back")
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
        #expect(back == 150)
    }

    @Test("A part without a share lives on what is left over")
    func withoutShare() {
        var allowance = CompositeAllowance(total: 100, shares: [100, 0])
        #expect(offer(100, to: 0..<1, &allowance) == 0)
        allowance.fill(until: 1)
        #expect(offer(1, to: 1..<2, &allowance) == nil)
        // The first part's bucket is full after half a second and flows over.
        allowance.fill(until: 1 + second / 2)
        #expect(offer(1, to: 1..<2, &allowance) == nil)
        allowance.fill(until: 1 + 3 * second / 5)
        #expect(offer(9, to: 1..<2, &allowance) == 1)
        #expect(offer(9, to: 1..<2, &allowance) == nil)
        allowance.fill(until: 9 * second)
        #expect(allowance.balance == 100)
        #expect(offer(80, to: 1..<2, &allowance) == 1)
    }

    @Test("A trace larger than a share passes when the bucket is full, and is paid off")
    func large() {
        var allowance = CompositeAllowance(total: 10, shares: [5, 5])
        allowance.fill(until: second)
        #expect(offer(35, to: 0..<1, &allowance) == 0)
        #expect(allowance.balance == -25)
        for step in 1...25 {
            allowance.fill(until: second + UInt64(step) * second / 10)
            #expect(offer(1, to: 0..<2, &allowance) == nil)
        }
        allowance.fill(until: 9 * second / 2)
        #expect(offer(1, to: 0..<2, &allowance) == 1)
    }
}

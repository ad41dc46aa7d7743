import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: adaptive rates")
struct AdaptiveRatesTests {
    /// Traffic of several keys on a clock of its own.
    private struct Traffic {
        struct Key {
            /// Traces a second.
            var rate: Double
            var spans = 1
            var count = 0
            var kept = 0
            /// What the kept traces stand for, and the variance of that.
            var estimate = 0.0
            var variance = 0.0
        }

        var rates: AdaptiveRates
        var keys: [Key]
        var random = SeededRandom(seed: 2)
        private var now: UInt64 = 1_000_000_000
        /// What is owed to each key since its last trace.
        private var owed: [Double]

        private static let step = 0.01

        init(_ rule: AdaptiveRates.Rule, _ keys: [Key]) {
            rates = AdaptiveRates(rule)
            self.keys = keys
            owed = Array(repeating: 0, count: keys.count)
            for position in keys.indices { owed[position] = random.unit() }
        }

        /// Lets some seconds pass; returns the spans kept per second.
        mutating func run(_ seconds: Double) -> Double {
            var spans = 0
            for _ in 0..<Int(seconds / Self.step) {
                now += UInt64(Self.step * 1e9)
                for position in keys.indices {
                    // Between none and twice the mean.
                    owed[position] += keys[position].rate * Self.step * 2 * random.unit()
                    while owed[position] >= 1 {
                        owed[position] -= 1
                        spans += arrive(position)
                    }
                }
            }
            return Double(spans) / seconds
        }

        /// Returns the spans kept.
        mutating func arrive(_ position: Int) -> Int {
            let id = TraceKeyID(index: position + 1, generation: 0)
            let threshold = rates.threshold(of: id)
            let isKept = threshold.keeps(randomness: random.next() >> 8)
            rates.add(id, cost: Double(keys[position].spans), at: now)
            keys[position].count += 1
            keys[position].variance += 1 / threshold.probability - 1
            guard isKept else { return 0 }
            keys[position].kept += 1
            keys[position].estimate += 1 / threshold.probability
            return keys[position].spans
        }

        func expectUnbiased(_ location: SourceLocation = #_sourceLocation) {
            var error = 0.0
            var variance = 0.0
            for key in keys {
                let own = key.estimate - Double(key.count)
                #expect(abs(own) <= 4 * key.variance.squareRoot() + 1e-6, sourceLocation: location)
                error += own
                variance += key.variance
            }
            #expect(abs(error) <= 4 * variance.squareRoot() + 1e-6, sourceLocation: location)
        }
    }

    private let rule = AdaptiveRates.Rule(target: 300, floor: 1, interval: 5_000_000_000)

    private var heavyAndRare: Traffic {
        let heavy = [Traffic.Key(rate: 400, spans: 2), Traffic.Key(rate: 800), Traffic.Key(rate: 1600, spans: 3)]
        return Traffic(rule, heavy + Array(repeating: Traffic.Key(rate: 0.1), count: 1000))
    }

    @Test("The target is met beside a thousand rare keys, in the minute of a tenfold step too, and counts are right")
    func target() {
        var traffic = heavyAndRare
        let first = traffic.run(10)
        // Twenty times as much arrives, and nothing was known.
        #expect(first < 450, "start: \(first)")
        let settled = traffic.run(60)
        #expect(abs(settled - 300) < 30, "settled: \(settled)")
        for position in 0..<3 { traffic.keys[position].rate *= 10 }
        let step = traffic.run(60)
        #expect(abs(step - 300) < 30, "tenfold: \(step)")
        for position in 0..<3 { traffic.keys[position].rate /= 10 }
        _ = traffic.run(10)
        let back = traffic.run(60)
        #expect(abs(back - 300) < 30, "back: \(back)")
        // The rare keys are below their floor: all of them survives.
        #expect(traffic.keys[3...].allSatisfy { $0.kept == $0.count })
        // The heavy ones get the same.
        traffic.expectUnbiased()
    }

    @Test("What rare keys leave is shared equally between the heavy ones")
    func fairness() {
        var traffic = heavyAndRare
        _ = traffic.run(20)
        let before = traffic.keys
        _ = traffic.run(60)
        for position in 0..<3 {
            let key = traffic.keys[position]
            let spans = Double((key.kept - before[position].kept) * key.spans) / 60
            #expect(abs(spans - 200.0 / 3) < 14, "key \(position): \(spans)")
        }
    }

    @Test("The floor holds when it takes more than the target")
    func floor() {
        let rule = AdaptiveRates.Rule(target: 10, floor: 2, interval: 5_000_000_000)
        var traffic = Traffic(rule, Array(repeating: Traffic.Key(rate: 50, spans: 3), count: 20))
        _ = traffic.run(10)
        let before = traffic.keys
        _ = traffic.run(100)
        for (key, old) in zip(traffic.keys, before) {
            // 2 a second for 100 seconds, within four sigma.
            #expect(Double(key.kept - old.kept) >= 200 - 4 * 14.2)
            #expect(Double(key.kept - old.kept) <= 200 + 5 * 14.2)
        }
        traffic.expectUnbiased()
    }

    @Test("A hundred thousand traces in one moment do not all pass")
    func burst() {
        var traffic = Traffic(rule, [Traffic.Key(rate: 0), Traffic.Key(rate: 0)])
        var spans = 0
        for step in 0..<100_000 { spans += traffic.arrive(step & 1) }
        #expect(spans < 5 * 300, "\(spans)")
        traffic.expectUnbiased()
    }

    @Test("Keys that come and go by the thousand do not lift the total much above the target")
    func churn() {
        var traffic = Traffic(rule, Array(repeating: Traffic.Key(rate: 0), count: 8000))
        var spans = 0.0
        for round in 0..<12 {
            for position in traffic.keys.indices { traffic.keys[position].rate = position / 700 == round ? 1.4 : 0 }
            spans += traffic.run(5) * 5
        }
        // Each key may have one trace a second, which is more than the target.
        #expect(spans / 60 < 980 && spans / 60 > 300, "\(spans / 60)")
        traffic.expectUnbiased()
    }

    @Test("The water level fills small claims and cuts large ones alike")
    func waterFilling() {
        func claim(_ demand: Double, floor: Double = 0) -> BudgetClaim { BudgetClaim(demand: demand, floor: floor) }
        #expect(waterLevel([claim(1), claim(2)], budget: 3) == .infinity)
        #expect(abs(waterLevel([claim(1), claim(50), claim(100)], budget: 21) - 10) < 0.01)
        #expect(abs(waterLevel([claim(1e9), claim(1e6), claim(1)], budget: 3) - 1) < 0.01)
        #expect(abs(waterLevel([claim(100, floor: 9), claim(100)], budget: 10) - 1) < 0.01)
        #expect(waterLevel([claim(100, floor: 9), claim(100, floor: 9)], budget: 10) < 0.01)
        #expect(waterLevel([], budget: 10) == .infinity)
    }
}

import Synchronization

/// The collector's metrics about itself. Instruments are made at start, once per label set, and updated without a lock.
package final class Telemetry: Sendable {
    /// Label names and values in the order they are shown.
    package typealias Labels = [(name: String, value: String)]

    /// One family as it stands now, for the exposition.
    package struct Family: Sendable {
        package enum Kind: String, Sendable { case counter, gauge, histogram }

        package var name: String
        package var help: String
        package var kind: Kind
        package var series: [Series]

        package init(name: String, help: String, kind: Kind, series: [Series]) {
            self.name = name
            self.help = help
            self.kind = kind
            self.series = series
        }
    }

    package struct Series: Sendable {
        package var labels: Labels
        package var value: SeriesValue

        package init(labels: Labels, value: SeriesValue) {
            self.labels = labels
            self.value = value
        }
    }

    package enum SeriesValue: Sendable {
        case number(Double)
        case histogram(bounds: [Double], counts: [UInt64], sum: Double)
    }

    private struct Registered: Sendable {
        var labels: Labels
        var instrument: (any AnyObject & Sendable)?
        var read: @Sendable () -> SeriesValue
    }

    private struct FamilyState {
        var help: String
        var kind: Family.Kind
        var series: [Registered] = []
    }

    private let families = Mutex<[String: FamilyState]>([:])

    package init() {}

    /// A counter; the same object for the same name and labels.
    package func counter(_ name: String, _ help: String, _ labels: Labels = []) -> Counter {
        register(name, help, .counter, labels) {
            Counter()
        } read: { counter in
            .number(Double(counter.value))
        }
    }

    /// A gauge read when somebody scrapes.
    package func gauge(_ name: String, _ help: String, _ labels: Labels = [], read: @escaping @Sendable () -> Double) {
        observe(name, help, .gauge, labels, read)
    }

    /// A counter whose value is kept elsewhere, read when somebody scrapes.
    package func counter(_ name: String, _ help: String, _ labels: Labels, read: @escaping @Sendable () -> Double) {
        observe(name, help, .counter, labels, read)
    }

    /// A histogram with the given upper bounds, increasing.
    package func histogram(_ name: String, _ help: String, bounds: [Double], _ labels: Labels = []) -> Distribution {
        register(name, help, .histogram, labels) {
            Distribution(bounds: bounds)
        } read: { distribution in
            let state = distribution.snapshot()
            return .histogram(bounds: bounds, counts: state.counts, sum: state.sum)
        }
    }

    /// All families by name.
    package func snapshot() -> [Family] {
        let states = families.withLock { $0 }
        return states.sorted { $0.key < $1.key }.map { name, state in
            Family(
                name: name, help: state.help, kind: state.kind,
                series: state.series.map { Series(labels: $0.labels, value: $0.read()) })
        }
    }

    private func observe(
        _ name: String, _ help: String, _ kind: Family.Kind, _ labels: Labels, _ read: @escaping @Sendable () -> Double
    ) {
        families.withLock { families in
            var family = families[name] ?? FamilyState(help: help, kind: kind)
            // A component made anew under the same id takes the place of the old one.
            family.series.removeAll { Self.areEqual($0.labels, labels) }
            family.series.append(Registered(labels: labels, instrument: nil) { .number(read()) })
            families[name] = family
        }
    }

    private func register<Instrument: AnyObject & Sendable>(
        _ name: String, _ help: String, _ kind: Family.Kind, _ labels: Labels, make: () -> Instrument,
        read: @escaping @Sendable (Instrument) -> SeriesValue
    ) -> Instrument {
        families.withLock { families in
            var family = families[name] ?? FamilyState(help: help, kind: kind)
            for series in family.series where Self.areEqual(series.labels, labels) {
                if let known = series.instrument as? Instrument { return known }
            }
            let instrument = make()
            family.series.append(Registered(labels: labels, instrument: instrument) { read(instrument) })
            families[name] = family
            return instrument
        }
    }

    private static func areEqual(_ left: Labels, _ right: Labels) -> Bool {
        left.count == right.count && zip(left, right).allSatisfy { $0.name == $1.name && $0.value == $1.value }
    }
}

/// A number that only grows.
package final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    package init() {}

    package var value: UInt64 { count.load(ordering: .relaxed) }

    package func add(_ amount: Int = 1) {
        guard amount > 0 else { return }
        count.wrappingAdd(UInt64(amount), ordering: .relaxed)
    }
}

/// Observations counted in buckets.
package final class Distribution: Sendable {
    private let bounds: [Double]
    private let state: Mutex<(counts: [UInt64], sum: Double)>

    package init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(([UInt64](repeating: 0, count: bounds.count + 1), 0))
    }

    package func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] &+= 1
            state.sum += value
        }
    }

    /// Counts per bucket (not cumulative; the last one has no bound) and the sum.
    package func snapshot() -> (counts: [UInt64], sum: Double) { state.withLock { $0 } }
}

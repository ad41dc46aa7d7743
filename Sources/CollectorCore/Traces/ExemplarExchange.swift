package import OTLPWire
import Synchronization

/// A measurement that leads to its trace.
package struct Exemplar: Sendable, Equatable {
    package var traceID: TraceID
    package var spanID: UInt64
    package var value: Double
    /// Nanoseconds since 1970-01-01 UTC.
    package var timeNanoseconds: UInt64
    /// Attributes that the series does not have; keys as sent, values already as text.
    package var filteredAttributes: [Label]

    package struct Label: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(
        traceID: TraceID, spanID: UInt64, value: Double, timeNanoseconds: UInt64, filteredAttributes: [Label] = []
    ) {
        self.traceID = traceID
        self.spanID = spanID
        self.value = value
        self.timeNanoseconds = timeNanoseconds
        self.filteredAttributes = filteredAttributes
    }
}

/// A store of exposed series that takes exemplars between two points of a series.
package protocol ExemplarSink: AnyObject, Sendable {
    /// Offers an exemplar of a kept trace; the store puts it into the bucket of its value, and ignores series it does not
    /// show and exemplars older than the bucket's.
    /// - Returns: whether it was put there.
    func offer(_ exemplar: Exemplar, to series: SeriesKey) -> Bool

    /// Takes back all exemplars of these traces.
    func withdraw(_ traces: Set<TraceID>)
}

/// Where the `exemplars` processor and the stores that show series meet, without knowing of each other.
package final class ExemplarExchange: Sendable {
    private let sinks = Mutex<[any ExemplarSink]>([])

    package init() {}

    package func register(_ sink: any ExemplarSink) {
        sinks.withLock { $0.append(sink) }
    }

    /// Offers an exemplar to all stores.
    /// - Returns: whether any has taken it.
    @discardableResult
    package func offer(_ exemplar: Exemplar, to series: SeriesKey) -> Bool {
        sinks.withLock { $0 }.reduce(false) { $1.offer(exemplar, to: series) || $0 }
    }

    package func withdraw(_ traces: Set<TraceID>) {
        for sink in sinks.withLock({ $0 }) { sink.withdraw(traces) }
    }
}

// The points of all series as export requests.
//
// A round goes through the series in pieces, so that spans are counted on between them; series that are new meanwhile
// wait for the next round. No slot changes its series while a round is under way.

import CollectorCore
import OTLPWire

/// The series of one round, in the order they are told: those of a resource follow each other.
struct FlushRound: Sendable {
    struct Place: Sendable {
        /// The position of its family; that of events comes after the others.
        var family: Int
        var slot: Int
        var resource: Int
    }

    /// What `SpanCounts` knows it by.
    let number: UInt64
    private let places: [Place]
    private var position = 0

    init(number: UInt64, _ places: [Place]) {
        self.number = number
        self.places = places.sorted { ($0.resource, $0.family) < ($1.resource, $1.family) }
    }

    /// Series whose points go into one request.
    static let pieceSize = 1000

    /// The places of the next request; none at the end.
    mutating func next() -> ArraySlice<Place> {
        let end = min(places.count, position + Self.pieceSize)
        defer { position = end }
        return places[position..<end]
    }
}

extension SpanCounts {
    /// The series that have something to say.
    func places() -> [FlushRound.Place] {
        var places: [FlushRound.Place] = []
        for (number, family) in families.enumerated() {
            for (slot, series) in family.store.series.enumerated() where !series.isFree {
                if config.temporality == .cumulative || series.hasNews {
                    places.append(FlushRound.Place(family: number, slot: slot, resource: series.resource))
                }
            }
        }
        return places
    }

    /// How many points a round would have now.
    var pointsToTell: Int {
        places().reduce(0) { sum, place in
            guard place.family < plan.families.count else { return sum + 1 }
            let family = plan.families[place.family]
            return sum + (family.hasCalls ? 1 : 0) + (family.hasHistogram ? 1 : 0)
        }
    }

    /// The request with the points of `places`, which are thereby said.
    ///
    /// - Parameters:
    ///   - time: nanoseconds since 1970.
    ///   - fate: what becomes of an exemplar now.
    mutating func request(
        _ places: ArraySlice<FlushRound.Place>, time: UInt64, fate: (SpanExemplar) -> ExemplarFate = { _ in .shown }
    ) -> [UInt8] {
        var request = MessageWriter()
        // Resources that made room since the round began had said everything, and may be back with other counts.
        let places = places.filter { !resources.isEvicted($0.resource) }
        if config.exemplarLimit != nil {
            for place in places { families[place.family].store.settleExemplars(of: place.slot, fate) }
        }
        var rest = places[...]
        while let first = rest.first {
            let own = rest.prefix { $0.resource == first.resource }
            rest = rest.dropFirst(own.count)
            write(own, resources.resources[first.resource], time, &request)
        }
        let anew = config.temporality == .delta ? time : nil
        for place in places {
            families[place.family].store.wasSaid(place.slot, startingAnewAt: anew)
        }
        return request.bytes
    }

    private func write(
        _ places: ArraySlice<FlushRound.Place>, _ resource: ResourceStore.Resource, _ time: UInt64,
        _ request: inout MessageWriter
    ) {
        request.message(1) { group in
            group.copy(resource.head)
            group.message(2) { scope in
                scope.message(1) { $0.string(1, "spanmetricsconnector") }
                var rest = places
                while let first = rest.first {
                    let own = rest.prefix { $0.family == first.family }
                    rest = rest.dropFirst(own.count)
                    write(own, family: first.family, time, &scope)
                }
            }
            group.copy(resource.tail)
        }
    }

    private func write(
        _ places: ArraySlice<FlushRound.Place>, family: Int, _ time: UInt64, _ scope: inout MessageWriter
    ) {
        let store = families[family].store
        guard family < plan.families.count else {
            return scope.message(2) { writeSum("events", "Number of span events", store, places, time, &$0) }
        }
        if plan.families[family].hasCalls {
            scope.message(2) { writeSum("calls", "Number of spans", store, places, time, &$0) }
        }
        if plan.families[family].hasHistogram {
            scope.message(2) { writeHistogram(store, places, time, &$0) }
        }
    }

    private func name(_ name: String) -> String { config.namespace.isEmpty ? name : "\(config.namespace).\(name)" }

    /// The number of `AggregationTemporality`.
    private var temporality: UInt64 { config.temporality == .delta ? 1 : 2 }

    private func writeSum(
        _ name: String, _ help: String, _ store: SeriesStore, _ places: ArraySlice<FlushRound.Place>, _ time: UInt64,
        _ metric: inout MessageWriter
    ) {
        metric.string(1, self.name(name))
        metric.string(2, help)
        metric.message(7) { sum in
            for place in places {
                let series = store.series[place.slot]
                sum.message(1) { point in
                    point.fixed64(2, series.start)
                    point.fixed64(3, time)
                    point.fixed64(6, series.count)
                    point.labels(7, series.attributes)
                    if let slowest = store.dueExemplars(place.slot).max(by: { $0.duration < $1.duration }) {
                        point.message(5) { $0.exemplar(slowest, value: 1) }
                    }
                }
            }
            sum.varint(2, temporality)
            sum.varint(3, 1)
        }
    }

    private func writeHistogram(
        _ store: SeriesStore, _ places: ArraySlice<FlushRound.Place>, _ time: UInt64, _ metric: inout MessageWriter
    ) {
        metric.string(1, name("duration"))
        metric.string(2, "Duration of spans")
        metric.string(3, config.unit.rawValue)
        let isExponential = store.exponentialSize != nil
        metric.message(isExponential ? 10 : 9) { histogram in
            for place in places {
                histogram.message(1) { point in
                    if isExponential {
                        writeExponentialPoint(store, place.slot, time, &point)
                    } else {
                        writePoint(store, place.slot, time, &point)
                    }
                }
            }
            histogram.varint(2, temporality)
        }
    }

    private func writePoint(_ store: SeriesStore, _ slot: Int, _ time: UInt64, _ point: inout MessageWriter) {
        let series = store.series[slot]
        point.fixed64(2, series.start)
        point.fixed64(3, time)
        point.fixed64(4, series.count)
        point.double(5, series.sumNanoseconds / config.unit.nanoseconds)
        point.packedFixed64(6, store.buckets[slot * store.bucketCount..<(slot + 1) * store.bucketCount])
        point.packedFixed64(7, bounds.encoded)
        point.labels(9, series.attributes)
        writeExemplars(store, slot, field: 8, &point)
    }

    private func writeExponentialPoint(
        _ store: SeriesStore, _ slot: Int, _ time: UInt64, _ point: inout MessageWriter
    ) {
        let series = store.series[slot]
        point.labels(1, series.attributes)
        point.fixed64(2, series.start)
        point.fixed64(3, time)
        point.fixed64(4, series.count)
        point.double(5, series.sumNanoseconds / config.unit.nanoseconds)
        point.exponential(store.exponentials[slot])
        writeExemplars(store, slot, field: 11, &point)
    }

    private func writeExemplars(_ store: SeriesStore, _ slot: Int, field: UInt32, _ point: inout MessageWriter) {
        for exemplar in store.dueExemplars(slot) {
            let value = Double(exemplar.duration) / config.unit.nanoseconds
            point.message(field) { $0.exemplar(exemplar, value: value) }
        }
    }
}

extension MessageWriter {
    /// Attributes as a series has them: each a length and a KeyValue, which lack only the field's tag.
    fileprivate mutating func labels(_ field: UInt32, _ attributes: [UInt8]) {
        var reader = WireReader(attributes.span, ByteRange(0, attributes.count))
        while reader.varint() != nil, let pair = reader.lengthDelimited() { bytes(field, attributes[pair.range]) }
    }

    fileprivate mutating func exemplar(_ exemplar: SpanExemplar, value: Double) {
        fixed64(2, exemplar.time)
        double(3, value)
        id(4, exemplar.spanID)
        id(5, exemplar.traceID)
    }
}

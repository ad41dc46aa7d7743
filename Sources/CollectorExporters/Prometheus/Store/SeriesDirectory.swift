import OTLPWire
import Synchronization

/// Finds streams by the identity that other components know.
final class SeriesDirectory: Sendable {
    struct Place: Sendable {
        let family: MetricFamily
        let key: StreamKey
    }

    private struct State {
        var places: [SeriesKey: Place] = [:]
        /// Further streams of an identity: rare, so that the others need no list.
        var others: [SeriesKey: [Place]] = [:]
    }

    private let state = Mutex(State())

    /// The first stream of an identity stands for it; others differ in their types, units or schemas only, and follow it.
    func add(_ series: SeriesKey, _ place: Place) {
        state.withLock { state in
            if state.places[series] == nil {
                state.places[series] = place
            } else {
                state.others[series, default: []].append(place)
            }
        }
    }

    func remove(_ series: SeriesKey, _ key: StreamKey) {
        state.withLock { state in
            var others = state.others[series] ?? []
            if state.places[series]?.key == key {
                state.places[series] = others.isEmpty ? nil : others.removeFirst()
            } else {
                others.removeAll { $0.key == key }
            }
            state.others[series] = others.isEmpty ? nil : others
        }
    }

    func place(of series: SeriesKey) -> Place? {
        state.withLock { $0.places[series] }
    }
}

import OTLPWire
import Synchronization

/// The traces of the captures, numbered in the order in which they were first seen: about 60 bytes each, whatever they hold.
final class TraceRoster: Sendable {
    private struct State {
        var ids: [TraceID] = []
        var positions: [TraceID: Int] = [:]
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.ids.count } }

    func id(at position: Int) -> TraceID { state.withLock { $0.ids[position] } }

    func position(of trace: TraceID) -> Int? { state.withLock { $0.positions[trace] } }

    /// Takes up the traces of these spans.
    func enter(_ spans: [SpanEntry]) {
        state.withLock { state in
            var previous: TraceID?
            for span in spans where span.traceID != previous {
                previous = span.traceID
                guard state.positions[span.traceID] == nil else { continue }
                state.positions[span.traceID] = state.ids.count
                state.ids.append(span.traceID)
            }
        }
    }

    /// Where the traces of these spans stand; successive spans of one trace count once.
    func positions(of spans: [SpanEntry]) -> [Int] {
        state.withLock { state in
            var found: [Int] = []
            var previous: TraceID?
            for span in spans where span.traceID != previous {
                previous = span.traceID
                if let position = state.positions[span.traceID] { found.append(position) }
            }
            return found
        }
    }
}

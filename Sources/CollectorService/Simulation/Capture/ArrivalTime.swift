// When the requests of a capture arrived, as far as their spans tell: SDKs send spans when they have ended, so a request
// arrives at the latest end of its spans. Clocks of senders may be years apart, and no single one may carry the simulation
// into another year: spans whose end lies more than a day after the median of their request do not count, and a request
// more than a day after the one before it and the one behind it arrives with the former.

import OTLPWire

/// How far a time may lie from its neighbours to be believed.
let plausibleStep: UInt64 = 86_400_000_000_000

/// The latest end among the spans, those left out that end more than a day after the median.
func latestPlausibleEnd(of spans: [SpanEntry]) -> UInt64 {
    guard let first = spans.first?.endNanoseconds else { return 0 }
    var (earliest, latest) = (first, first)
    for span in spans {
        earliest = min(earliest, span.endNanoseconds)
        latest = max(latest, span.endNanoseconds)
    }
    guard latest - earliest > plausibleStep else { return latest }
    let ends = spans.map(\.endNanoseconds).sorted()
    let median = ends[(ends.count - 1) / 2]
    return ends.last { $0 - min(median, $0) <= plausibleStep } ?? median
}

/// The arrival times of one capture's requests: never going backwards.
struct ArrivalTime {
    private var latest: UInt64?

    /// - Parameters:
    ///   - time: of the request, by its own spans.
    ///   - next: the same of the request behind it; nil for the last one.
    mutating func arrival(at time: UInt64, next: UInt64?) -> UInt64 {
        let arrival: UInt64
        if let anchor = [latest, next].compactMap({ $0 }).max(), anchor > 0, time > anchor,
            time - anchor > plausibleStep
        {
            arrival = latest ?? anchor
        } else {
            arrival = max(time, latest ?? 0)
        }
        latest = arrival
        return arrival
    }
}

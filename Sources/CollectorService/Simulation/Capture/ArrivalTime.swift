// When the requests of a capture arrived, as far as their spans tell: SDKs send spans when they have ended, so a request
// arrives at the latest end of its spans. Clocks are wrong by seconds, hours or years, though, and what one of them says
// must not carry the simulation along: everything behind it would arrive at one moment.
//
// Small steps are believed. A larger one is when the requests behind it in the file confirm it, as they do after a pause,
// however long; ends that lie beyond what they confirm do not count. Nearly all of few requests must agree, and six in ten
// of many, so that a sender with a wrong clock is outvoted also when it sends much. The nearest ones are asked, since in
// a capture with little traffic those further behind are late themselves; and many, since a sender may write a burst.

/// The arrival times of one capture's requests, in its order: never going backwards.
struct ArrivalTime {
    /// Requests behind one that are asked.
    static let lookAhead = 128
    /// Of these the nearest, who are asked for themselves.
    private static let nearby = 16
    /// Requests that confirm a step at least; at the beginning as many as have arrived.
    static let leastConfirming = 3

    /// How far senders with right clocks are apart: they send spans some seconds after their end.
    static let tolerance: UInt64 = 10_000_000_000
    static let minute: UInt64 = 60_000_000_000

    private var now: UInt64?
    private var count = 0
    /// What is believed with nobody to confirm it, at the end of the capture: as much as there has been.
    private var longestStep = minute

    /// - Parameter followers: what the next requests say, `lookAhead` of them at most.
    mutating func arrival(of ends: RequestEnds, followers: some Collection<RequestEnds>) -> UInt64 {
        guard let last = now else {
            let begin = begin(ends, times(followers))
            count = 1
            if begin > 0 { now = begin }
            return begin
        }
        let arrival = max(last, ends.latest(upTo: Self.sum(last, Self.tolerance)) ?? 0, leap(ends, last, followers))
        longestStep = max(longestStep, arrival - last)
        now = arrival
        count += 1
        return arrival
    }

    /// Where a request takes the time that says it is more than a small step later; 0 for nowhere.
    private func leap(_ ends: RequestEnds, _ last: UInt64, _ followers: some Collection<RequestEnds>) -> UInt64 {
        guard ends.latest > Self.sum(last, Self.tolerance) else { return 0 }
        let times = times(followers)
        guard times.count >= min(Self.leastConfirming, count) else {
            return ends.latest(upTo: Self.sum(last, longestStep)) ?? 0
        }
        let confirmed = min(Self.reached(by: times.prefix(Self.nearby)), Self.reached(by: times[...]))
        // One that is not believed at all comes with the next, which may be behind a pause.
        return ends.latest(upTo: Self.sum(confirmed, Self.tolerance)) ?? times.min() ?? 0
    }

    /// The first arrival: as far as the others confirm it, and not before them because a clock is slow.
    private func begin(_ ends: RequestEnds, _ times: [UInt64]) -> UInt64 {
        let near = times.prefix(Self.nearby)
        guard !near.isEmpty else { return ends.settled }
        let own = ends.latest(upTo: Self.sum(Self.reached(by: near), Self.tolerance)) ?? 0
        return max(own, Self.beginning(of: (own > 0 ? [own] : []) + near))
    }

    /// The earliest of the first requests' times, without those of slow clocks: a few that lie far before the others, and
    /// are not just those that came before a pause.
    private static func beginning(of times: [UInt64]) -> UInt64 {
        let sorted = times.sorted()
        let median = sorted[(sorted.count - 1) / 2]
        guard sorted.count > nearby / 2 else { return sorted[0] }
        let start = (1...sorted.count / 4).last { position in
            let gap = sorted[position] - sorted[position - 1]
            guard gap > minute, gap / 4 > median - min(median, sorted[position]) else { return false }
            return position == 1 || times.prefix(position).contains { $0 >= sorted[position] }
        }
        return sorted[start ?? 0]
    }

    /// The time that most of these requests have reached.
    private static func reached(by times: ArraySlice<UInt64>) -> UInt64 {
        let position = times.count / 2 - Int(Double(times.count).squareRoot())
        return times.sorted()[max(0, position)]
    }

    private func times(_ requests: some Collection<RequestEnds>) -> [UInt64] {
        requests.map(\.settled).filter { $0 > 0 }
    }

    private static func sum(_ time: UInt64, _ step: UInt64) -> UInt64 {
        let (sum, overflows) = time.addingReportingOverflow(step)
        return overflows ? .max : sum
    }
}

extension RequestEnds {
    /// Whether a span ended more than a minute after its request arrived: that clock was not followed.
    func isAhead(of arrival: UInt64) -> Bool { latest > arrival && latest - arrival > ArrivalTime.minute }

    /// Whether every span ended more than a minute before its request arrived: by a clock that is slow, or sent late.
    func isBehind(_ arrival: UInt64) -> Bool { latest > 0 && latest < arrival && arrival - latest > ArrivalTime.minute }
}

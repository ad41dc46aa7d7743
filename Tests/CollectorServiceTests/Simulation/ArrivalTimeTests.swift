import Testing

@testable import CollectorService

/// Requests whose clocks are right unless told otherwise.
private struct Traffic {
    private var ends: [RequestEnds] = []
    private var real: [Double] = []

    /// A request with spans that end at these times, in seconds after `captureStart`.
    mutating func add(at time: Double, _ others: Double...) {
        ends.append(RequestEnds(([time] + others).map(nanoseconds)))
        real.append(time)
    }

    /// A request that arrives at `time`, of a sender whose clock is `skew` seconds ahead.
    mutating func add(at time: Double, skew: Double) {
        ends.append(RequestEnds([nanoseconds(time + skew - 0.5), nanoseconds(time + skew)]))
        real.append(time)
    }

    func replayed() -> Replay {
        var times = ArrivalTime()
        var replay = Replay()
        for position in ends.indices {
            let followers = ends[(position + 1)...].prefix(ArrivalTime.lookAhead)
            let arrival = times.arrival(of: ends[position], followers: followers)
            replay.arrivals.append(Double(Int64(bitPattern: arrival &- captureStart)) / 1e9)
            replay.errors.append(abs(replay.arrivals[position] - real[position]))
            if ends[position].isAhead(of: arrival) { replay.ahead += 1 }
            if ends[position].isBehind(arrival) { replay.behind += 1 }
        }
        return replay
    }
}

/// When requests arrive in a simulation.
private struct Replay {
    var arrivals: [Double] = []
    /// How far that is from when they really did.
    var errors: [Double] = []
    var ahead = 0
    var behind = 0

    var error: Double { errors.max() ?? 0 }
}

private func nanoseconds(_ seconds: Double) -> UInt64 {
    captureStart &+ UInt64(bitPattern: Int64((seconds * 1e9).rounded()))
}

private let hour = 3600.0
private let day = 24 * hour
private let year = 365 * day

@Suite struct ArrivalTimeTests {
    @Test func `a request arrives when the last of its spans ends`() {
        #expect(RequestEnds([5, 9, 7]).settled == 9)
        #expect(RequestEnds([]).settled == 0)
        #expect(RequestEnds([0, 0]).settled == 0)
        #expect(RequestEnds([.max, .max]).settled == .max)
        var traffic = Traffic()
        for second in 0..<100 { traffic.add(at: Double(second), Double(second) - 3, Double(second) - 0.25) }
        #expect(traffic.replayed().error == 0)
    }

    @Test func `spans that the others of a request do not lead up to do not settle it`() {
        let now = captureStart
        #expect(RequestEnds([now, now + second, now + 3600 * second]).settled == now + second)
        #expect(RequestEnds([now, now + 50 * second, now + 100 * second]).settled == now + 100 * second)
        #expect(RequestEnds([0, now, .max]).settled == now)
        #expect(RequestEnds([now, .max]).latest == .max)
        #expect(RequestEnds([now, now + 20 * second]).latest(upTo: now + second) == now)
        #expect(RequestEnds([now + second]).latest(upTo: now) == nil)
    }

    @Test(arguments: [11, 60, hour, day, year], [0, 1, 150, 298, 299])
    func `one span ahead does not carry the others along`(_ skew: Double, _ position: Int) {
        var traffic = Traffic()
        for number in 0..<300 {
            let time = Double(number) / 10
            if number == position { traffic.add(at: time, time + skew) } else { traffic.add(at: time, time - 1) }
        }
        // The last three have nobody behind them who could tell.
        let replay = traffic.replayed()
        #expect(replay.error <= (position < 297 || skew > 60 ? 0 : skew))
        #expect(replay.ahead == (skew > 60 ? 1 : 0))
        #expect(replay.behind == 0)
    }

    @Test(arguments: [600, hour, day, year, -600, -hour, -year], [0, 1, 150, 298, 299])
    func `one request ahead or behind does not carry the others along`(_ skew: Double, _ position: Int) {
        var traffic = Traffic()
        for number in 0..<300 { traffic.add(at: Double(number), skew: number == position ? skew : 0) }
        let replay = traffic.replayed()
        #expect(replay.error <= 1)
        #expect(replay.ahead == (skew > 0 ? 1 : 0))
        #expect(replay.behind == (skew < 0 ? 1 : 0))
    }

    @Test(arguments: [600, -600, hour, year, -year], 0..<5)
    func `one sender of five with another clock is noted and not followed`(_ skew: Double, _ sender: Int) {
        for interval in [0.01, 0.1, 1] {
            var traffic = Traffic()
            for number in 0..<500 {
                traffic.add(at: Double(number) * interval, skew: number % 5 == sender ? skew : 0)
            }
            let replay = traffic.replayed()
            #expect(replay.error <= 1.001 * interval)
            #expect(replay.ahead == (skew > 0 ? 100 : 0))
            #expect(replay.behind == (skew < 0 ? 100 : 0))
        }
    }

    @Test func `a sender with another clock that writes forty requests at a time is not followed either`() {
        var traffic = Traffic()
        for number in 0..<4000 { traffic.add(at: Double(number) / 40, skew: number / 40 % 5 == 2 ? 600 : 0) }
        // Time stands while it writes: the second that it takes.
        let replay = traffic.replayed()
        #expect(replay.error <= 1.1)
        #expect(replay.ahead == 800)
    }

    @Test(arguments: [4, 20, 500], [4, 20, 500])
    func `a pause is kept, however little comes before and behind it`(_ before: Int, _ after: Int) {
        for pause in [hour, 5 * day] {
            var traffic = Traffic()
            for number in 0..<before { traffic.add(at: Double(number) / 10, skew: 0) }
            for number in 0..<after { traffic.add(at: pause + Double(before + number) / 10, skew: 0) }
            let replay = traffic.replayed()
            #expect(replay.error == 0)
            #expect(replay.ahead == 0 && replay.behind == 0)
        }
    }

    @Test func `a pause is kept with a sender of another clock beside it`() {
        var traffic = Traffic()
        for number in 0..<1000 {
            traffic.add(at: Double(number) + (number < 500 ? 0 : hour), skew: number % 5 == 0 ? 600 : 0)
        }
        // Those just before the pause may be taken into it.
        let replay = traffic.replayed()
        #expect(replay.errors[..<490].allSatisfy { $0 <= 1 } && replay.errors[500...].allSatisfy { $0 <= 1 })
        #expect(replay.arrivals[499] <= hour)
    }

    @Test func `two requests after a silence agree when there was no more before it`() {
        var traffic = Traffic()
        for time in [0, 3 * day, 3 * day + 1] { traffic.add(at: time) }
        let replay = traffic.replayed()
        #expect(replay.error == 0)
    }

    @Test(arguments: [60, 600, hour, day])
    func `little traffic keeps its pace to the last request`(_ interval: Double) {
        var traffic = Traffic()
        for number in 0..<200 { traffic.add(at: Double(number) * interval) }
        let replay = traffic.replayed()
        #expect(replay.error == 0)
        #expect(replay.ahead == 0 && replay.behind == 0)
    }

    @Test func `senders whose requests come slightly out of order are all believed`() {
        var traffic = Traffic()
        for number in 0..<1000 {
            // Spans are up to seven seconds old.
            traffic.add(at: Double(number), skew: -Double(number * 37 % 8))
        }
        let replay = traffic.replayed()
        #expect(replay.error <= 7)
        #expect(replay.arrivals == replay.arrivals.sorted())
        #expect(replay.ahead == 0 && replay.behind == 0)
    }

    @Test func `requests without times arrive with those around them`() {
        var times = ArrivalTime()
        let (none, known) = (RequestEnds([0]), RequestEnds([captureStart]))
        #expect(times.arrival(of: none, followers: [none]) == 0)
        #expect(times.arrival(of: none, followers: [none, known]) == captureStart)
        #expect(times.arrival(of: known, followers: []) == captureStart)
        #expect(times.arrival(of: none, followers: []) == captureStart)
    }

    @Test func `times at the end of what a clock can say are no trap`() {
        var times = ArrivalTime()
        let end = RequestEnds([.max - 5, .max])
        #expect(times.arrival(of: end, followers: [end, end]) == .max)
        #expect(times.arrival(of: end, followers: [end]) == .max)
        #expect(times.arrival(of: RequestEnds([1, .max / 2, .max]), followers: []) == .max)
    }
}

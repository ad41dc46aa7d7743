// Senders whose clocks are far ahead.
//
// Times of one sender are compared as it gave them, however far ahead they are, so that a delta which it sends again is
// found out. Only what is shown is capped. Once its clock is set right, what it sends is older by hours than what its
// streams have, and is taken all the same: a stream goes on from where it was before the clock ran ahead.

extension FamilyState {
    /// Where a stream stands for a point: its own time, but for a point that is not ahead of the clock while the stream
    /// is. Then it is where the stream was before it ran ahead, as far as that is known.
    func knownTime(_ position: Int, for point: StreamTime, _ clock: IngestClock) -> StreamTime {
        let (known, gap) = (headers[position].time, headers[position].gap)
        // A delta that was late by a moment is late by a moment on a clock that is ahead by just so much, too.
        let isSetRight =
            known.time > clock.latest && point.time <= clock.latest && point.time < known.time - IngestClock.pointLead
        guard isSetRight else { return known }
        let isBeforeKnown = gap.end > clock.latest && gap.start <= clock.wall
        return StreamTime(
            start: known.start > clock.latest ? 0 : known.start, time: isBeforeKnown ? gap.start : 0)
    }

    /// The time that a stream is shown with: when its last point came, if that was ahead of the clock.
    func shownTime(_ position: Int, _ request: ScrapeRequest) -> UInt64 {
        let header = headers[position]
        guard header.time.time > request.clock.latest else { return header.time.time }
        let age = request.now - min(request.now, header.updated)
        return request.clock.wall - min(request.clock.wall, age)
    }

    /// The start of what a line shows; 0, unknown, when it is ahead of the clock.
    func shownStart(_ streams: LineStreams, _ request: ScrapeRequest) -> UInt64 {
        let start = start(streams)
        return start > request.clock.latest ? 0 : start
    }
}

import OTLPWire

/// How much of a window is taken.
struct WindowFill {
    var undecidedTraces: Int
    /// Bytes that cannot hold new spans: all that is charged, less the segments that are empty and the rest of the open
    /// one.
    var occupiedBytes: Int
    /// Bytes that may be occupied without any trace having to be decided early.
    var capacity: Int
    /// Whether empty segments have nearly all that is left, which traces' entries could not take.
    var isTight: Bool
}

extension TraceWindow {
    /// How many of these traces would be new here.
    func unknownCount(of traces: ArraySlice<TraceID>) -> Int {
        traces.count { trace in
            let hash = hash(trace)
            return table.find(trace, hash: hash) == nil && cache.find(hash) == nil
        }
    }

    /// How full the window is, on the safe side: entries that are free again count as occupied.
    var fill: WindowFill {
        let segments = log.segments
        var free = segments.segments.count { $0.state == .idle } &* SegmentTable.segmentBytes
        if segments.newest != none {
            let open = segments[Int(segments.newest)]
            // An open segment without live spans begins anew when it is full.
            free &+= open.run &* SegmentTable.segmentBytes &- (open.liveSpans == 0 ? 0 : open.used)
        }
        // Memory comes in whole segments and chunks of entries, and the table of slots doubles.
        let margin = SegmentTable.segmentBytes &+ EntryStore.chunkBytes &+ max(512, table.count) &* 32
        return WindowFill(
            undecidedTraces: table.undecidedCount, occupiedBytes: allowance.used &- free,
            capacity: allowance.limit &- margin, isTight: allowance.used &+ margin > allowance.limit)
    }
}

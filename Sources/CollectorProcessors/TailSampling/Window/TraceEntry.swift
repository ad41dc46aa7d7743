import OTLPWire

/// The number of an entry, segment or record that there is none of.
let none = UInt32.max

/// One trace in the window: about 100 bytes, whatever its size.
struct TraceEntry: BitwiseCopyable {
    /// Which list an entry stands in.
    enum Place: UInt8, BitwiseCopyable {
        /// Waits for its time after the first span.
        case waiting
        /// Has seen a root and waits for the shorter time.
        case rooted
        /// Its time is over, but an undecided trace has a link to it (`linked`).
        case held
        /// Was held and need not be any longer.
        case released
        /// Is decided; its spans leave.
        case leaving
        /// In no list: the entry is not in use.
        case free

        var isUndecided: Bool { self != .leaving && self != .free }
    }

    var features: TraceFeatures
    /// The time of decision, and of the first arrival, in the clock's nanoseconds.
    var deadline: UInt64
    var arrived: UInt64
    /// What was decided; meaningful once `place` is `leaving`.
    var decision: Decision
    /// The position of the last span that arrived; spans are linked backwards.
    var lastSpan: UInt32
    /// The part of a long trace's spans that is linked forwards already, while it leaves; see `TraceWindow.drain`.
    var turned = none
    /// Whether all of it is, and `lastSpan` the first one of what is still there.
    var isTurned = false
    /// The segment that all of the trace's spans are in; `none` when there are several. Such a trace is forgotten
    /// without a look at its spans.
    var segment: UInt32
    /// Neighbours in the list of `place`.
    var previous: UInt32
    var next: UInt32
    var place: Place
}

import OTLPWire

/// A span, or one of its events, to be counted in a series of one family.
struct SeenSpan: Sendable {
    /// The position of the family in the plan; that of events comes after the others.
    var family: Int
    /// The position of the span in the request.
    var span: Int
    /// The event that is counted, if it is not the span itself.
    var event: ByteRange?
    /// Where the words of the series' identity are, and their hash.
    var words: Range<Int>
    var hash: UInt64
    /// How many spans it stands for; `weight` is the same before rounding.
    var count: UInt64
    var weight: Double
    /// Nanoseconds, and the explicit bucket they belong to.
    var duration: UInt64 = 0
    var bucket = 0
}

/// What one scrape wants.
struct ScrapeRequest: Sendable {
    var format: ScrapeFormat
    var clock: IngestClock
    var sendsTimestamps: Bool
    var showsCreated: Bool
    /// Streams of the family under way are over without a point since this moment.
    var cutoff: UInt64 = 0
    /// Exemplars stored before this moment are too old.
    var exemplarCutoff: UInt64

    /// Nanoseconds of the monotonic clock.
    var now: UInt64 { clock.now }

    var isOpenMetrics: Bool { format.format == .openMetrics }
    var style: NumberStyle { format.format.numberStyle }
}

/// How far the rendering of one family has come.
struct FamilyRendering {
    /// What there was when the scrape began: what appeared later is for the next one.
    struct Extent {
        /// The number of the last series.
        let newest: UInt64
        /// The end of `FamilyState.series`.
        let end: Int
    }

    let text: FamilyText
    var extent: Extent?
    /// The next place in `FamilyState.series`.
    var next = 0
    var hasMetadata = false
    /// The labels of several series that were shown as one; not again when only one of them is left.
    var shownTogether: Set<LabelKey> = []
    /// Samples left out because the format does not allow their values.
    var hiddenSamples = 0
    /// What escaping made equal and no scrape before has seen.
    var conflicts = EscapingConflicts()
}

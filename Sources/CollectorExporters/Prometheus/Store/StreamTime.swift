import OTLPWire

/// What a point does to the stream it belongs to (conformance 130, 131, 133, 134).
enum PointEffect: Equatable {
    /// The point's value stands for the stream from now on.
    case replace
    /// The point's value is added to the stream's.
    case add(DeltaFit)
    /// The point says nothing new.
    case reject(DropReason)
}

/// Where a delta belongs among those that came before it.
enum DeltaFit: Equatable {
    /// It begins where the last one ended.
    case next
    /// Deltas between the last one and this one have not come.
    case afterGap
    /// It is one of those that had not come.
    case late
}

/// Where a stream stands in time, in nanoseconds since 1970; 0 for unknown.
struct StreamTime: Sendable, Equatable {
    var start: UInt64
    var time: UInt64

    /// The effect of a later point on a cumulative stream or a gauge: an older one never replaces a newer one.
    func cumulativeEffect(of point: StreamTime) -> PointEffect {
        point.time < time ? .reject(.outOfOrder) : .replace
    }

    /// The effect of a later point on a stream of deltas that is shown as a cumulative one.
    ///
    /// The stream goes on over a gap: what it counted before still happened, and a value that begins anew would make
    /// Prometheus miss that much of what comes next. What overlaps by more than the tolerance would be counted twice.
    func deltaEffect(of point: StreamTime, after gap: DeltaGap) -> PointEffect {
        guard point.time >= point.start else { return .reject(.outOfOrder) }
        if point.start == 0 || time == 0 {
            return point.time == 0 || point.time > time ? .add(.next) : .reject(.outOfOrder)
        }
        let tolerance = point.tolerance
        if distance(from: time, to: point.start) > tolerance { return .add(.afterGap) }
        if distance(from: point.start, to: time) <= tolerance { return .add(.next) }
        if point.time > time { return .reject(.overlap) }
        return gap.holds(point) ? .add(.late) : .reject(.outOfOrder)
    }

    /// How far the start of a delta may be from where it should be: a hundredth of its interval. Clocks that are read
    /// twice, or with another resolution, differ by that much.
    var tolerance: UInt64 { distance(from: start, to: time) / 100 }

    /// Whether a later cumulative point says that its source has begun to count anew.
    func isRestarted(by point: StreamTime) -> Bool {
        start > 0 && point.start > start
    }

    /// Whether a later cumulative point began after this one, so that it has counted nothing of what this one had
    /// (conformance 133). A start that moved less says nothing: some sources move it with every point.
    func isReset(by point: StreamTime) -> Bool {
        time > 0 && point.start > time
    }
}

/// The latest stretch of time from which a stream has no deltas, in nanoseconds since 1970; empty when there is none.
struct DeltaGap: Sendable, Equatable {
    var start: UInt64 = 0
    var end: UInt64 = 0

    /// Whether a late delta lies within, so that nothing of it has been counted.
    func holds(_ point: StreamTime) -> Bool {
        start < end && distance(from: point.start, to: start) <= point.tolerance
            && distance(from: end, to: point.time) <= point.tolerance
    }

    /// Takes a delta that it holds out of it. Of two parts that are left the longer one stays.
    mutating func fill(_ point: StreamTime) {
        let before = distance(from: start, to: point.start)
        let after = distance(from: point.time, to: end)
        if before > after { end = point.start } else { start = point.time }
        if distance(from: start, to: end) <= point.tolerance { self = DeltaGap() }
    }
}

/// 0 when `end` is before `start`.
private func distance(from start: UInt64, to end: UInt64) -> UInt64 { end > start ? end - start : 0 }

/// Why a point is not shown: the reasons in the ledger.
enum DropReason: String, CaseIterable, Sendable {
    case outOfOrder = "out_of_order"
    case overlap = "overlapping_delta"
    case typeConflict = "type_conflict"
    case nameConflict = "name_conflict"
    case invalidName = "invalid_name"
    case nameTooLong = "name_too_long"
    case invalidPoint = "invalid_point"
    case tooManyBuckets = "too_many_buckets"
    case unspecifiedTemporality = "unspecified_temporality"
    case nonMonotonicDelta = "non_monotonic_delta"
    case memory = "memory_limit"
}

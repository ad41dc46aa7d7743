import OTLPWire

/// What a point does to the stream it belongs to (conformance 130, 131, 133, 134).
enum PointEffect: Equatable {
    /// The point's value stands for the stream from now on.
    case replace
    /// The point continues the stream.
    case add
    /// The point says nothing new.
    case reject(DropReason)
}

/// Where a stream stands in time, in nanoseconds since 1970; 0 for unknown.
struct StreamTime: Sendable, Equatable {
    var start: UInt64
    var time: UInt64

    /// The effect of a later point on a cumulative stream or a gauge: an older one never replaces a newer one.
    func cumulativeEffect(of point: StreamTime) -> PointEffect {
        point.time < time ? .reject(.outOfOrder) : .replace
    }

    /// The effect of a later point on a stream of deltas that is shown as a cumulative one. After a gap the stream
    /// starts anew; what comes late or overlaps has been counted already, or belongs to what a gap has ended.
    func deltaEffect(of point: StreamTime) -> PointEffect {
        if point.start == 0 {
            return point.time == 0 || point.time > time ? .add : .reject(.outOfOrder)
        }
        if point.start == time { return point.time >= point.start ? .add : .reject(.outOfOrder) }
        if point.start > time { return .replace }
        return .reject(point.time <= time ? .outOfOrder : .overlap)
    }

    /// Whether a later cumulative point says that its source has begun to count anew.
    func isRestarted(by point: StreamTime) -> Bool {
        start > 0 && point.start > start
    }
}

/// Why a point is not shown: the reasons in the ledger.
enum DropReason: String, CaseIterable, Sendable {
    case outOfOrder = "out_of_order"
    case overlap = "overlapping_delta"
    case typeConflict = "type_conflict"
    case invalidName = "invalid_name"
    case invalidPoint = "invalid_point"
    case unspecifiedTemporality = "unspecified_temporality"
    case nonMonotonicDelta = "non_monotonic_delta"
    case memory = "memory_limit"
}

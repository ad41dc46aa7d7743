import CollectorCore

/// What one `exemplars` processor holds, charged to the byte budget of the process: up to a quarter of it, and only below
/// the soft limit, so that requests under way find room. What finds none is left out and counted.
///
/// Sizes are estimates: what is counted is what senders can make large.
struct ExemplarMemory: Sendable {
    /// The budget is asked for this much at once: one exemplar costs no more than an addition.
    private static let step = 16 << 10

    private let budget: ByteBudget
    private var reservation: ByteReservation?
    private(set) var bytes = 0

    init(_ budget: ByteBudget) {
        self.budget = budget
    }

    /// The most that may be held, in bytes.
    var limit: Int { budget.limitBytes / 4 }

    /// Whether all that is held is charged for. What has grown by itself may be not; then nothing more is taken.
    var isCovered: Bool { bytes <= reservation?.bytes ?? 0 }

    /// Whether `more` bytes would find room; they are set aside then.
    mutating func hasRoom(for more: Int) -> Bool {
        let (total, overflow) = bytes.addingReportingOverflow(max(0, more))
        guard !overflow else { return false }
        return covers(total)
    }

    /// Charges `more` bytes; false when there is no room.
    mutating func take(_ more: Int) -> Bool {
        guard hasRoom(for: more) else { return false }
        bytes += max(0, more)
        return true
    }

    /// Notes that what is held has grown or shrunk.
    mutating func change(by difference: Int) {
        guard difference != 0 else { return }
        bytes = max(0, bytes + difference)
        guard difference < 0 else {
            _ = covers(bytes)
            return
        }
        let needed = Self.steps(bytes)
        if let reservation, bytes == 0 || reservation.bytes > needed + Self.step { reservation.shrink(to: needed) }
    }

    private mutating func covers(_ total: Int) -> Bool {
        if total <= reservation?.bytes ?? 0 { return true }
        let needed = Self.steps(total)
        guard needed <= limit else { return false }
        if reservation == nil { reservation = try? budget.reserve(0) }
        return reservation?.grow(to: needed, within: budget.softLimitBytes) ?? false
    }

    private static func steps(_ bytes: Int) -> Int { (bytes + step - 1) / step * step }
}

/// What things are charged for, in bytes, beside what senders choose.
enum ExemplarCost {
    /// A series: its places in tables, and what is known of it.
    static let series = 768
    static let attribute = 16
    static let bound = 8
    /// An entry of one of the tables by cell.
    static let cell = 64
    /// An exemplar that waits or is filed, with its place.
    static let exemplar = 320
    /// A span that waits for a series, with its place.
    static let waitingSpan = 288
    static let waitingAttribute = 32
    /// A resource with series.
    static let resource = 256
    /// What is remembered about one operation.
    static let projection = 96
    /// A series among those that measure an operation.
    static let match = 16
}

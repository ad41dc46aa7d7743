import CollectorCore

/// What one shard may occupy: its share of `max_buffer_mib`, charged to the process's byte budget as it is taken.
struct MemoryAllowance {
    let limit: Int
    private let reservation: ByteReservation?
    /// The use of the whole budget up to which this one may grow.
    private let growthLimit: Int
    private(set) var used = 0

    /// - Parameter reservation: an empty one of the process's budget; nil when the budget had no room even for that.
    init(limit: Int, reservation: ByteReservation?, growthLimit: Int = .max) {
        self.limit = limit
        self.reservation = reservation
        self.growthLimit = growthLimit
    }

    /// Takes `bytes`, unless the shard's limit or the process's budget stand against it.
    mutating func take(_ bytes: Int) -> Bool {
        guard used &+ bytes <= limit else { return false }
        if let reservation, !reservation.grow(to: used &+ bytes, within: growthLimit) { return false }
        used &+= bytes
        return true
    }

    mutating func giveBack(_ bytes: Int) {
        used &-= bytes
        reservation?.shrink(to: used)
    }
}

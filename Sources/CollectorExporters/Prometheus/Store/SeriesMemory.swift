import CollectorCore
import Synchronization

/// What the store holds, charged to the byte budget of the process. Series may take half of the budget: whoever makes up
/// labels without end fills that half and then gets no new series, and everything else goes on.
///
/// Sizes are estimates: what is counted is what senders can make large.
final class SeriesMemory: Sendable {
    private let budget: ByteBudget
    private let reservation = Mutex<ByteReservation?>(nil)

    init(_ budget: ByteBudget) {
        self.budget = budget
    }

    var bytes: Int { reservation.withLock { $0?.bytes ?? 0 } }

    /// Charges `bytes`; false when there is no room for them.
    func take(_ bytes: Int) -> Bool {
        reservation.withLock { reservation in
            let after = (reservation?.bytes ?? 0) + bytes
            guard after <= budget.limitBytes / 2 else { return false }
            do throws(DeliveryError) {
                if let reservation {
                    try reservation.grow(to: after)
                } else {
                    reservation = try budget.reserve(after)
                }
                return true
            } catch {
                return false
            }
        }
    }

    func giveBack(_ bytes: Int) {
        reservation.withLock { reservation in reservation?.shrink(to: (reservation?.bytes ?? 0) - bytes) }
    }

    /// Charges what lives as long as the result; nil when there is no room.
    func charge(_ bytes: Int) -> MemoryCharge? {
        take(bytes) ? MemoryCharge(self, bytes) : nil
    }
}

/// Bytes charged until the last reference to this object goes.
final class MemoryCharge: Sendable {
    private let memory: SeriesMemory
    private let bytes: Int

    fileprivate init(_ memory: SeriesMemory, _ bytes: Int) {
        self.memory = memory
        self.bytes = bytes
    }

    deinit {
        memory.giveBack(bytes)
    }
}

/// What things of the store are charged for, in bytes, beside the texts that senders choose.
enum MemoryCost {
    /// A stream and its line: their places in arrays and tables.
    static let stream = 512
    /// Beside its text.
    static let exemplar = 224
    /// Of a set of bounds, beside the bounds and their texts.
    static let edges = 256
    /// A family's lock, state and claims, beside the texts that it is shown with.
    static let family = 4 << 10
    static let binding = 512
    static let resource = 1024
    static let label = 96
    /// Places in the tables of three escaping schemes.
    static let escapedSeries = 256

    static func size(of labels: [LabelEntry]) -> Int {
        labels.reduce(0) { $0 + 2 * label + $1.key.count + $1.name.count + $1.value.count }
    }

    static func size(of attributes: [AttributePair]) -> Int {
        attributes.reduce(0) { $0 + label + 2 * $1.key.count + $1.value.count }
    }
}

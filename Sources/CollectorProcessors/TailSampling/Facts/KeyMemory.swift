import CollectorCore
import Synchronization

/// What keys, and what policies learn of them, may occupy: an eighth of the process's byte budget, charged to it before it
/// is used.
final class KeyMemory: Sendable {
    private let allowance: Mutex<MemoryAllowance>

    private static let partOfBudget = 8

    init(_ budget: ByteBudget) {
        allowance = Mutex(
            MemoryAllowance(
                limit: budget.limitBytes / Self.partOfBudget, reservation: try? budget.reserve(0),
                growthLimit: budget.softLimitBytes))
    }

    /// Without a bound.
    init() {
        allowance = Mutex(MemoryAllowance(limit: .max, reservation: nil))
    }

    var used: Int { allowance.withLock { $0.used } }

    /// False when there is no room for `bytes`.
    func take(_ bytes: Int) -> Bool { allowance.withLock { $0.take(bytes) } }

    func giveBack(_ bytes: Int) { allowance.withLock { $0.giveBack(bytes) } }
}

import CollectorCore
import Synchronization

/// The bytes that series take, charged to the byte budget of the process.
final class SeriesRoom: Sendable {
    private struct State {
        var bytes = 0
        var reservation: ByteReservation?
    }

    private let budget: ByteBudget
    private let state = Mutex(State())

    init(_ budget: ByteBudget) { self.budget = budget }

    var bytes: Int { state.withLock { $0.bytes } }

    /// Takes bytes; false when the process has no room for them.
    func take(_ bytes: Int) -> Bool {
        state.withLock { state in
            do {
                if let reservation = state.reservation {
                    if state.bytes + bytes > reservation.bytes {
                        try reservation.grow(to: state.bytes + bytes + Self.step)
                    }
                } else {
                    state.reservation = try budget.reserve(bytes + Self.step)
                }
            } catch {
                return false
            }
            state.bytes += bytes
            return true
        }
    }

    func giveBack(_ bytes: Int) {
        state.withLock { state in
            state.bytes -= bytes
            // What comes and goes all the time moves the charge only now and then.
            guard let reservation = state.reservation, reservation.bytes > state.bytes + 2 * Self.step else { return }
            reservation.shrink(to: state.bytes + Self.step)
        }
    }

    /// What is charged at once.
    private static let step = 64 << 10
}

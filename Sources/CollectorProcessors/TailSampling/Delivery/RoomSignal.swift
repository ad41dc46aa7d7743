import Synchronization

/// Tells one listener that there is room again; made before the listener exists.
final class RoomSignal: Sendable {
    private let listener = Mutex<(@Sendable () -> Void)?>(nil)

    func listen(_ listener: @escaping @Sendable () -> Void) {
        self.listener.withLock { $0 = listener }
    }

    func announce() {
        listener.withLock { $0 }?()
    }
}

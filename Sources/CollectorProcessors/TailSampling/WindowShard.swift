import Synchronization

/// One shard's window behind its lock.
final class WindowShard: Sendable {
    let window: Mutex<TraceWindow>

    init(_ window: consuming sending TraceWindow) {
        self.window = Mutex(window)
    }
}

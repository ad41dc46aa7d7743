import Synchronization

/// How fast reserved bytes come free, for the delay that refused clients are told.
final class DrainRate: Sendable {
    private struct Window {
        var start: UInt64
        var freed = 0
        var bytesPerSecond = 0.0
    }

    private static let windowNanoseconds: UInt64 = 1_000_000_000
    private let now: @Sendable () -> UInt64
    private let freedBytes = Atomic<Int>(0)
    private let window: Mutex<Window>

    init(now: @escaping @Sendable () -> UInt64) {
        self.now = now
        self.window = Mutex(Window(start: now()))
    }

    func freed(_ bytes: Int) {
        freedBytes.add(bytes, ordering: .relaxed)
    }

    /// The time `bytes` take to come free at the rate of the last seconds: between one and thirty seconds, one when
    /// nothing is known yet.
    func delay(toFree bytes: Int) -> Duration {
        let total = freedBytes.load(ordering: .relaxed)
        let now = now()
        let rate = window.withLock { window -> Double in
            let elapsed = now &- window.start
            if elapsed >= Self.windowNanoseconds {
                window.bytesPerSecond = Double(total &- window.freed) / (Double(elapsed) / 1e9)
                window.start = now
                window.freed = total
            }
            return window.bytesPerSecond
        }
        guard rate > 0 else { return .seconds(1) }
        return .milliseconds(Int64(min(30, max(1, Double(bytes) / rate)) * 1000))
    }
}

import AllocationCounter

/// What one operation costs.
struct Cost {
    /// The fastest of several rounds: what the code needs when nothing else disturbs it.
    var nanoseconds: Double
    /// Heap allocations of one call.
    var allocations: Int
    /// The most bytes one call had in use beyond what was in use before.
    var peakBytes: Int
}

/// Measures `operation`: warmed up, then `rounds` times about 3 ms of calls, short enough for some to run undisturbed.
func measure(rounds: Int = 100, _ operation: () -> Void) -> Cost {
    operation()
    let clock = ContinuousClock()
    let once = clock.measure { for _ in 0..<3 { operation() } } / 3
    let calls = max(1, Int(Duration.milliseconds(3) / once))
    var best = Double.infinity
    for _ in 0..<rounds {
        let duration = clock.measure { for _ in 0..<calls { operation() } }
        best = min(best, duration / .nanoseconds(1) / Double(calls))
    }
    allocation_counts_reset_peak()
    let before = allocation_counts_now()
    operation()
    let after = allocation_counts_now()
    return Cost(
        nanoseconds: best, allocations: Int(after.allocations - before.allocations),
        peakBytes: Int(after.peak_bytes) - Int(before.live_bytes))
}

/// Keeps the optimiser from leaving out the work that produces `value`.
@inline(never)
func keep<Value>(_ value: borrowing Value) {}

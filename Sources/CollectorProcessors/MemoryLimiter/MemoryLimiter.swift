// `memory_limiter`: refuses new data while buffers hold more than the soft limit, so that what is held can drain.
//
// What is measured is the use of the byte budget, not the process's resident memory as in the Go collector. The budget
// counts every buffer when it is taken and given back: it is exact at every moment, and refusing data is sure to lower
// it. Resident memory also has what the allocator keeps for reuse, so it would stay high after the buffers are gone,
// and it needs polling (`check_interval`), between two of which a burst can pass. Data of all pipelines counts
// together.

import CollectorCore

/// The transform of all signals: lets a batch pass or refuses it. The budget's limit has been lowered before it is made
/// (`LimitsMemory`).
struct MemoryLimiter: BatchTransform {
    private let budget: ByteBudget
    private let softLimit: Int
    private let accepted: Counter
    private let refused: Counter

    init(_ config: MemoryLimiterConfig, _ context: ComponentContext, _ signal: Signal) {
        budget = context.budget
        softLimit = config.softLimit
        func counter(_ outcome: String, _ help: String) -> Counter {
            context.telemetry.counter(
                "otelcol_processor_memory_limiter_\(outcome)_\(signal.itemName)", help,
                [("processor", "\(context.id)")])
        }
        accepted = counter("accepted", "Items that memory_limiter let pass")
        refused = counter("refused", "Items that memory_limiter refused because too much is held already")
    }

    func transform(_ batch: Batch) throws(DeliveryError) -> (batch: Batch, effect: Int) {
        let used = budget.usedBytes
        guard used > softLimit else { return (batch, batch.itemCount) }
        refused.add(batch.itemCount)
        budget.noteShortage()
        throw .retryable(
            "memory_limiter: \(used) bytes are held, more than the soft limit of \(softLimit); try again later",
            after: budget.delay(untilHolding: softLimit), code: .resourceExhausted)
    }

    func taken(_ items: Int) { accepted.add(items) }
}

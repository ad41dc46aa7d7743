import DequeModule

/// The bookkeeping of a sending queue: what waits, what is being sent, and who may go next. I/O-free.
///
///     offer ──▶ waiting (≤ capacity) ──▶ in flight (≤ consumers) ──▶ finish
///                 ▲
///     overflow ───┘   (block_on_overflow: enters when room comes free)
struct SendingQueueState<Element> {
    struct Entry {
        var element: Element
        var size: Int
        var items: Int
        /// Called when the element enters the queue; only for those that had to wait for room.
        var onEnter: (@Sendable () -> Void)?
    }

    private var waiting: Deque<Entry> = []
    private var overflow: Deque<Entry> = []
    private let capacity: Int
    private let consumers: Int
    private var reservedSize = 0
    private(set) var size = 0
    private(set) var inFlight = 0
    /// Items that wait or are being sent.
    private(set) var heldItems = 0

    init(capacity: Int, consumers: Int) {
        self.capacity = capacity
        self.consumers = consumers
    }

    var isIdle: Bool { waiting.isEmpty && overflow.isEmpty && inFlight == 0 }
    var waitingCount: Int { waiting.count + overflow.count }

    /// Sets room aside, unless others wait for it. Something larger than the whole queue is let in when the queue is
    /// empty: it would never fit.
    mutating func reserve(_ size: Int) -> Bool {
        guard overflow.isEmpty, fits(size) else { return false }
        reservedSize += size
        return true
    }

    mutating func releaseReservation(_ size: Int) {
        reservedSize -= size
    }

    private func fits(_ added: Int) -> Bool {
        let used = size + reservedSize
        return used == 0 || added <= capacity - min(used, capacity)
    }

    /// Adds an element into room set aside before.
    mutating func enterReserved(_ entry: Entry) {
        reservedSize -= entry.size
        enter(entry)
    }

    private mutating func enter(_ entry: Entry) {
        size += entry.size
        heldItems += entry.items
        waiting.append(entry)
    }

    /// Adds an element that waits for room.
    mutating func enterOverflow(_ entry: Entry) {
        heldItems += entry.items
        overflow.append(entry)
    }

    /// The next element to send, if a consumer is free. What comes from the overflow into the queue is in `entered`, also
    /// when the result is nil: room may have come free between the refusal and the wait.
    mutating func next(entered: inout [@Sendable () -> Void]) -> Entry? {
        takeFromOverflow(&entered)
        guard inFlight < consumers, let entry = waiting.popFirst() else { return nil }
        inFlight += 1
        size -= entry.size
        takeFromOverflow(&entered)
        return entry
    }

    private mutating func takeFromOverflow(_ entered: inout [@Sendable () -> Void]) {
        while let first = overflow.first, fits(first.size) {
            overflow.removeFirst()
            heldItems -= first.items
            if let onEnter = first.onEnter { entered.append(onEnter) }
            enter(first)
        }
    }

    /// Items of an element that is being sent have been delivered or given up; others of it may still be on their way.
    mutating func settle(items: Int) { heldItems -= items }

    /// All items of an element are settled: its consumer is free.
    mutating func finish() { inFlight -= 1 }

    /// Takes out everything that waits, when there is no time left to send it.
    mutating func removeAllWaiting() -> [Entry] {
        let removed = Array(waiting) + Array(overflow)
        for entry in removed { heldItems -= entry.items }
        size = 0
        waiting.removeAll()
        overflow.removeAll()
        return removed
    }
}

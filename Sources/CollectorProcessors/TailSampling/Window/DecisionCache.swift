// What was decided about traces that have left the window, for their late spans: two rings of the latest decisions,
// kept or not, about 50 bytes each, found through one table by a 64-bit keyed hash of the trace id. They grow with what
// they hold; the oldest decision gives way when its ring has the configured size or memory is short.

/// Recent decisions by the hash of their trace id.
struct DecisionCache: ~Copyable {
    /// What an empty one takes.
    static let smallestBytes = SlotTable.smallestBytes

    private var slots: SlotTable
    private var kept: DecisionRing
    private var notKept: DecisionRing

    /// Nil when `allowance` or the system has no memory.
    /// The limits are the decisions of each kind remembered at most; 0 remembers none.
    init?(keptLimit: Int, notKeptLimit: Int, _ allowance: inout MemoryAllowance) {
        guard let slots = SlotTable(&allowance), let kept = DecisionRing(limit: keptLimit),
            let notKept = DecisionRing(limit: notKeptLimit)
        else { return nil }
        self.slots = slots
        self.kept = kept
        self.notKept = notKept
    }

    /// The decision, when it was made, in the clock's nanoseconds, and the number of its record.
    typealias Remembered = (decision: Decision, decidedAt: UInt64, record: UInt32)

    func find(_ key: UInt64) -> Remembered? {
        guard slots.count > 0, let number = slots.find(Self.hash(key), { self[$0].key == key }) else { return nil }
        let element = self[number]
        return (element.decision(isKept: Self.isKept(number)), element.decidedAt, element.record)
    }

    /// Reads where the decision on a trace would be found; see `TraceWindow.touch`.
    @inline(__always)
    func touch(_ key: UInt64) -> UInt64 { slots.touch(Self.hash(key)) }

    /// Reads where the next few decisions to be forgotten are found.
    func touchOldest(_ count: Int) -> UInt64 {
        notKept.forEachPushedOut(by: count) { touch($0) }
    }

    /// Remembers a decision about a trace that has none yet.
    /// - Parameter record: the number of its record (`DecisionRecords`).
    mutating func insert(
        _ key: UInt64, _ decision: Decision, record: UInt32, now: UInt64, _ allowance: inout MemoryAllowance
    ) {
        let element = DecisionRing.Element(key, decision, record, now)
        let (position, pushedOut) =
            decision.isKept ? kept.append(element, &allowance) : notKept.append(element, &allowance)
        guard let position else { return }
        let number = UInt32(position) << 1 | (decision.isKept ? 1 : 0)
        // The one pushed out stood at the same place.
        if let pushedOut { slots.remove(Self.hash(pushedOut), entry: number) }
        if !slots.insert(Self.hash(key), entry: number, &allowance) {
            if decision.isKept { kept.removeLast() } else { notKept.removeLast() }
        }
    }

    private subscript(number: UInt32) -> DecisionRing.Element {
        Self.isKept(number) ? kept[Int(number >> 1)] : notKept[Int(number >> 1)]
    }

    private static func isKept(_ number: UInt32) -> Bool { number & 1 == 1 }
    private static func hash(_ key: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: key) }
}

/// The latest decisions of one kind, at stable positions.
private struct DecisionRing: ~Copyable {
    struct Element: BitwiseCopyable {
        let key: UInt64
        let decidedAt: UInt64
        let record: UInt32
        private let threshold: UInt64
        private let randomness: UInt64
        private let policy: UInt16
        private let writesRandomness: Bool
        private let forgetsThreshold: Bool

        init(_ key: UInt64, _ decision: Decision, _ record: UInt32, _ now: UInt64) {
            self.record = record
            self.key = key
            decidedAt = now
            threshold = decision.threshold
            randomness = decision.randomness
            policy = decision.policy
            writesRandomness = decision.writesRandomness
            forgetsThreshold = decision.forgetsThreshold
        }

        func decision(isKept: Bool) -> Decision {
            Decision(
                isKept: isKept, writesRandomness: writesRandomness, forgetsThreshold: forgetsThreshold, policy: policy,
                threshold: threshold, randomness: randomness)
        }
    }

    private static let stride = MemoryLayout<Element>.stride
    private static let growth = 4096

    private var memory: ReservedMemory
    private let limit: Int
    /// Elements there is memory for.
    private var capacity = 0
    private var oldest = 0
    private var count = 0

    init?(limit: Int) {
        self.limit = min(limit, 1 << 28)
        guard let memory = ReservedMemory(reserving: self.limit * Self.stride) else { return nil }
        self.memory = memory
    }

    subscript(position: Int) -> Element { memory.load(position &* Self.stride, as: Element.self) }

    /// Appends an element; returns its position, nil when there is no room at all, and the key of the oldest one if
    /// that had to give way.
    mutating func append(_ element: Element, _ allowance: inout MemoryAllowance) -> (position: Int?, pushedOut: UInt64?)
    {
        // Only while the ring has not wrapped around do new places follow the youngest element.
        if count == capacity, oldest == 0, capacity < limit { grow(&allowance) }
        guard capacity > 0 else { return (nil, nil) }
        var pushedOut: UInt64?
        if count == capacity {
            pushedOut = self[oldest].key
            oldest = (oldest &+ 1) % capacity
            count &-= 1
        }
        let position = (oldest &+ count) % capacity
        memory.store(element, at: position &* Self.stride)
        count &+= 1
        return (position, pushedOut)
    }

    /// The sum of what `body` makes of the keys that as many more elements would push out.
    func forEachPushedOut(by added: Int, _ body: (UInt64) -> UInt64) -> UInt64 {
        guard count == capacity, oldest > 0 || capacity == limit else { return 0 }
        var sum: UInt64 = 0
        for offset in 0..<min(added, count) { sum &+= body(self[(oldest &+ offset) % capacity].key) }
        return sum
    }

    mutating func removeLast() { count &-= 1 }

    private mutating func grow(_ allowance: inout MemoryAllowance) {
        let added = min(Self.growth, limit &- capacity)
        guard allowance.take(added &* Self.stride) else { return }
        guard memory.extend(to: (capacity &+ added) &* Self.stride) else {
            allowance.giveBack(added &* Self.stride)
            return
        }
        capacity &+= added
    }
}

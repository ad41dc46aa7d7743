// The latest decisions of a shard with what they depended on: a ring of records of one size, so that an explanation can
// be given later for kept and dropped traces alike.
//
//     record: | features, decision, trigger, time, late spans | measured word … |      about 200 bytes, 8 more a word
//
// A decision writes its record and nothing else; policies vote again on the record when somebody asks. Looking for a
// trace reads the ring backwards a part at a time, which a person does not notice and arriving spans do not feel.

import OTLPWire

/// One remembered decision.
struct DecisionRecord: BitwiseCopyable {
    let features: TraceFeatures
    let decision: Decision
    let trigger: DecisionTrigger
    /// Whether the policies were asked.
    var isVotedOn = false
    /// In the clock's nanoseconds.
    let decidedAt: UInt64
    /// Spans that came afterwards.
    var lateSpans: UInt32 = 0

    init(features: TraceFeatures, decision: Decision, trigger: DecisionTrigger, decidedAt: UInt64) {
        self.features = features
        self.decision = decision
        self.trigger = trigger
        self.decidedAt = decidedAt
    }
}

struct DecisionRecords: ~Copyable {
    private static let growth = 256

    private var memory: ReservedMemory
    private let limit: Int
    private let stride: Int
    private let slots: Int
    /// Records there is memory for.
    private var capacity = 0
    /// All records ever written; the next one's number.
    private(set) var count = 0
    /// The number of a record that stood at the start of the memory.
    private var origin = 0

    /// What a record takes.
    static func bytes(slots: Int) -> Int { MemoryLayout<DecisionRecord>.stride + 8 * slots }

    /// - Parameter limit: records at most.
    init?(limit: Int, slots: Int) {
        self.limit = max(0, limit)
        self.slots = slots
        stride = Self.bytes(slots: slots)
        guard let memory = ReservedMemory(reserving: self.limit * stride) else { return nil }
        self.memory = memory
    }

    /// The number of the oldest record that is still there.
    private var oldest: Int { max(origin, count - capacity) }

    /// The records there are.
    var held: Int { count - oldest }

    private func offset(_ number: Int) -> Int { (number - origin) % capacity &* stride }

    /// Appends a record; returns its number as far as 32 bits tell it.
    mutating func append(
        _ record: DecisionRecord, _ measured: Measurements, _ allowance: inout MemoryAllowance
    ) -> UInt32 {
        // New places follow the youngest record when that is the last one in the memory.
        if capacity < limit, capacity == 0 || (count - origin) % capacity == 0 { grow(&allowance) }
        guard capacity > 0 else { return 0 }
        let at = offset(count)
        memory.store(record, at: at)
        for slot in 0..<slots {
            memory.store(measured[slot], at: at &+ MemoryLayout<DecisionRecord>.stride &+ 8 &* slot)
        }
        count &+= 1
        return UInt32(truncatingIfNeeded: count &- 1)
    }

    /// A record with what its votes depended on beside the trace.
    typealias Element = (record: DecisionRecord, measured: Measurements)

    private func measured(_ number: Int) -> Measurements {
        let at = offset(number)
        return Measurements(
            words: (0..<slots).map {
                memory.load(at &+ MemoryLayout<DecisionRecord>.stride &+ 8 &* $0, as: UInt64.self)
            })
    }

    /// Looks through `among` records before number `end`, newest first, for `limit` that `accepts` takes; `rest` is where
    /// to go on, nil at the oldest.
    func latest(
        before end: Int, among: Int, limit: Int, _ accepts: (DecisionRecord, () -> Measurements) -> Bool
    ) -> (found: [Element], rest: Int?) {
        var found: [Element] = []
        var number = min(end, count)
        let stop = max(oldest, number - among)
        while number > stop, found.count < limit {
            number -= 1
            let record = memory.load(offset(number), as: DecisionRecord.self)
            if accepts(record, { self.measured(number) }) { found.append((record, measured(number))) }
        }
        return (found, number > oldest ? number : nil)
    }

    /// A span has followed the decision with this number, if it is still remembered.
    mutating func noteLateSpan(_ number: UInt32, _ trace: TraceID) {
        let back = UInt32(truncatingIfNeeded: count &- 1) &- number
        guard capacity > 0, Int(back) < count - oldest else { return }
        let at = offset(count &- 1 &- Int(back))
        var record = memory.load(at, as: DecisionRecord.self)
        guard record.features.traceID == trace, record.lateSpans < .max else { return }
        record.lateSpans &+= 1
        memory.store(record, at: at)
    }

    private mutating func grow(_ allowance: inout MemoryAllowance) {
        let added = min(Self.growth, limit &- capacity)
        guard allowance.take(added &* stride) else { return }
        guard memory.extend(to: (capacity &+ added) &* stride) else {
            allowance.giveBack(added &* stride)
            return
        }
        // The oldest record stands at the start of the memory now, and so it stays.
        origin = oldest
        capacity &+= added
    }
}

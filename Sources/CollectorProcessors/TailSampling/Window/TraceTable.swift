import OTLPWire

/// The traces in the window: found by id, and linked into one list per place in the order they came there.
///
/// Each list is sorted by deadline without any sorting: a trace's deadline is the time it enters the list plus a delay
/// that is the same for all of them. So the next trace to decide is at the head of one of the lists, deadlines are
/// exact, and moving or removing a trace costs the same however many there are.
struct TraceTable: ~Copyable {
    private struct List {
        var head = none
        var tail = none
        var count = 0
    }

    private var slots: SlotTable
    private var entries: EntryStore
    private var waiting = List()
    private var rooted = List()
    private var held = List()
    private var released = List()
    private var leaving = List()

    /// - Parameter limit: bytes that entries may take at most.
    init?(limit: Int, _ allowance: inout MemoryAllowance) {
        guard let slots = SlotTable(&allowance), let entries = EntryStore(limit: limit) else { return nil }
        self.slots = slots
        self.entries = entries
    }

    /// Traces that are not decided yet.
    var undecidedCount: Int { waiting.count &+ rooted.count &+ held.count &+ released.count }
    /// Those of them whose time is over.
    var heldCount: Int { held.count &+ released.count }
    /// All traces with an entry.
    var count: Int { slots.count }

    subscript(number: UInt32) -> TraceEntry {
        @inline(__always) get { entries[number] }
        @inline(__always) set { entries[number] = newValue }
    }

    @inline(__always)
    func find(_ id: TraceID, hash: UInt64) -> UInt32? {
        slots.find(UInt32(truncatingIfNeeded: hash)) { number in
            let known = entries[number].features.traceID
            return known.low == id.low && known.high == id.high
        }
    }

    /// Reads where a trace with this hash would be found; see `TraceWindow.touch`.
    @inline(__always)
    func touch(_ hash: UInt64) -> UInt64 { slots.touch(UInt32(truncatingIfNeeded: hash)) }

    /// Adds a trace that waits until `deadline`, not before those added earlier; nil when there is no memory.
    mutating func insert(
        _ features: TraceFeatures, hash: UInt64, now: UInt64, deadline: UInt64, _ allowance: inout MemoryAllowance
    ) -> UInt32? {
        let entry = TraceEntry(
            features: features, deadline: deadline, arrived: now, decision: .notSampled, lastSpan: none, segment: none,
            previous: none, next: none, place: .waiting)
        guard let number = entries.insert(entry, &allowance) else { return nil }
        guard slots.insert(UInt32(truncatingIfNeeded: hash), entry: number, &allowance) else {
            entries.remove(number)
            return nil
        }
        append(number)
        return number
    }

    /// Removes a trace altogether.
    mutating func remove(_ number: UInt32, hash: UInt64) {
        unlink(number)
        slots.remove(UInt32(truncatingIfNeeded: hash), entry: number)
        entries.remove(number)
    }

    /// Moves a trace to the end of another list.
    mutating func move(_ number: UInt32, to place: TraceEntry.Place) {
        unlink(number)
        entries[number].place = place
        append(number)
    }

    /// The undecided trace with the nearest deadline.
    var nextToDecide: UInt32? {
        var next = earlier(waiting.head, rooted.head)
        if heldCount > 0 { next = earlier(earlier(released.head, held.head), next) }
        return next == none ? nil : next
    }

    /// The one of two traces with the nearer deadline; the first one when they are equal.
    @inline(__always)
    private func earlier(_ first: UInt32, _ second: UInt32) -> UInt32 {
        if first == none { return second }
        if second == none { return first }
        return entries[second].deadline < entries[first].deadline ? second : first
    }

    /// The same among those that are not held.
    var nextNotHeld: UInt32? {
        let next = earlier(released.head, earlier(waiting.head, rooted.head))
        return next == none ? nil : next
    }

    /// The trace to decide first when traces are too many: one whose time is over already, if there is one.
    var nextToGiveWay: UInt32? { held.head == none ? nextToDecide : held.head }

    /// The ids of undecided traces whose deadline is over, in the order of one list after the other, until `body` says no.
    func forEachToDecide(by now: UInt64, _ body: (TraceID) -> Bool) {
        for list in [waiting, rooted, held, released] {
            var number = list.head
            while number != none, entries[number].deadline <= now {
                guard body(entries[number].features.traceID) else { return }
                number = entries[number].next
            }
        }
    }

    /// The decided trace whose spans leave next.
    var nextToLeave: UInt32? { leaving.head == none ? nil : leaving.head }

    /// Gives back memory that was not needed since the last call.
    mutating func trim(_ allowance: inout MemoryAllowance) {
        entries.trim(&allowance)
        slots.trim(&allowance)
    }

    private mutating func append(_ number: UInt32) {
        let place = entries[number].place
        var list = self[place]
        entries[number].previous = list.tail
        entries[number].next = none
        if list.tail == none { list.head = number } else { entries[list.tail].next = number }
        list.tail = number
        list.count &+= 1
        self[place] = list
    }

    private mutating func unlink(_ number: UInt32) {
        let entry = entries[number]
        var list = self[entry.place]
        if entry.previous == none { list.head = entry.next } else { entries[entry.previous].next = entry.next }
        if entry.next == none { list.tail = entry.previous } else { entries[entry.next].previous = entry.previous }
        list.count &-= 1
        self[entry.place] = list
    }

    private subscript(place: TraceEntry.Place) -> List {
        get {
            switch place {
            case .waiting: waiting
            case .rooted: rooted
            case .held: held
            case .released: released
            case .leaving: leaving
            case .free: List()
            }
        }
        set {
            switch place {
            case .waiting: waiting = newValue
            case .rooted: rooted = newValue
            case .held: held = newValue
            case .released: released = newValue
            case .leaving: leaving = newValue
            case .free: break
            }
        }
    }
}

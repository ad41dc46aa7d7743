// Which traces others have links to: 32 bytes for each, found through one table by a 64-bit keyed hash of the trace id,
// and in a list by the time they were linked to last. The target need not be in the window, nor ever get there.
//
//     a span with links arrives   ▶ expect    the target has one linker more that is undecided
//     it leaves the window, kept  ▶ keep      the target is wanted; nothing else matters any more
//     it leaves, dropped          ▶ release   one undecided linker less
//     the target is decided       ▶ remove
//
// Every link that was expected is kept or released once. What is there for longer than anything stays in the window, and
// when there is no room the oldest of all, gives way: such a target is decided as if nothing led to it.

import CollectorCore

struct LinkTable: ~Copyable {
    /// What is known of a target.
    struct Target: BitwiseCopyable {
        /// The hash of its trace id.
        fileprivate let key: UInt64
        /// When it was linked to last.
        fileprivate var touched: UInt64
        /// Links of undecided traces.
        fileprivate(set) var undecided: UInt32 = 0
        /// Whether a kept trace has a link to it.
        fileprivate(set) var isWanted = false
        /// Neighbours in the list; `next` also links places that are free again.
        fileprivate var previous = none
        fileprivate var next = none

        fileprivate init(key: UInt64, touched: UInt64) {
            self.key = key
            self.touched = touched
        }
    }

    private static let stride = MemoryLayout<Target>.stride
    private static let growth = 512
    /// What a target takes at most, its slots in the table included, also while that grows.
    static let bytesPerTarget = stride + 56
    static let smallestLimit = growth
    /// What an empty one takes beside its targets.
    static let smallestBytes = SlotTable.smallestBytes

    private var slots: SlotTable
    private var memory: ReservedMemory
    /// Targets at most.
    private let limit: Int
    /// Nanoseconds after which a target is not of interest any more.
    private let retention: UInt64
    /// Targets there is memory for.
    private var capacity = 0
    /// Places from here on were never used.
    private var fresh = 0
    private var free = none
    private var oldest = none
    private var newest = none

    /// Nil when `allowance` or the system has no memory. With a limit of 0 there will never be a target.
    init?(limit: Int, retention: UInt64, _ allowance: inout MemoryAllowance) {
        self.limit = limit
        self.retention = retention
        guard let slots = SlotTable(&allowance), let memory = ReservedMemory(reserving: self.limit * Self.stride)
        else { return nil }
        self.slots = slots
        self.memory = memory
        grow(&allowance)
    }

    var isEmpty: Bool { slots.count == 0 }

    func find(_ hash: UInt64, now: UInt64) -> Target? {
        guard let number = number(hash) else { return nil }
        let target = self[number]
        return isOfInterest(target, now: now) ? target : nil
    }

    /// An undecided trace has a link to this one.
    mutating func expect(_ hash: UInt64, now: UInt64, _ allowance: inout MemoryAllowance) {
        update(hash, now: now, &allowance) { if $0.undecided < .max { $0.undecided += 1 } }
    }

    /// A kept trace has a link to this one, which may come yet.
    mutating func keep(_ hash: UInt64, now: UInt64, _ allowance: inout MemoryAllowance) {
        update(hash, now: now, &allowance) { $0.isWanted = true }
    }

    /// A trace with a link to this one was dropped; returns whether no other can have it kept.
    mutating func release(_ hash: UInt64) -> Bool {
        guard let number = number(hash) else { return true }
        var target = self[number]
        target.undecided = target.undecided > 0 ? target.undecided - 1 : 0
        self[number] = target
        guard target.undecided == 0, !target.isWanted else { return false }
        remove(number)
        return true
    }

    /// Forgets a target, which is decided now.
    mutating func remove(_ hash: UInt64) {
        if let number = number(hash) { remove(number) }
    }

    /// Forgets what is too old, and gives back the memory of an empty table.
    mutating func trim(now: UInt64, _ allowance: inout MemoryAllowance) {
        while oldest != none, !isOfInterest(self[oldest], now: now) { remove(oldest) }
        slots.trim(&allowance)
        guard isEmpty, capacity > Self.growth else { return }
        memory.discard(0..<capacity * Self.stride)
        allowance.giveBack((capacity - Self.growth) * Self.stride)
        capacity = Self.growth
        fresh = 0
        free = none
    }

    // MARK: Places

    private subscript(number: UInt32) -> Target {
        get { memory.load(Int(number) &* Self.stride, as: Target.self) }
        set { memory.store(newValue, at: Int(number) &* Self.stride) }
    }

    private func number(_ hash: UInt64) -> UInt32? {
        slots.find(UInt32(truncatingIfNeeded: hash)) { self[$0].key == hash }
    }

    private func isOfInterest(_ target: Target, now: UInt64) -> Bool { now &- target.touched <= retention }

    private mutating func update(
        _ hash: UInt64, now: UInt64, _ allowance: inout MemoryAllowance, _ change: (inout Target) -> Void
    ) {
        var target = Target(key: hash, touched: now)
        if let known = number(hash) {
            // What it was linked to a long time ago was another trace, or one that has been decided.
            if isOfInterest(self[known], now: now) { target = self[known] }
            target.touched = now
            change(&target)
            unlink(known)
            append(target, at: known)
        } else if let number = place(now: now, &allowance) {
            change(&target)
            if slots.insert(UInt32(truncatingIfNeeded: hash), entry: number, &allowance) {
                append(target, at: number)
            } else {
                giveUp(number)
            }
        }
    }

    /// A place for another target; nil when there is no memory for a single one.
    private mutating func place(now: UInt64, _ allowance: inout MemoryAllowance) -> UInt32? {
        if oldest != none, !isOfInterest(self[oldest], now: now) { remove(oldest) }
        if free == none, fresh == capacity { grow(&allowance) }
        if free == none, fresh == capacity, oldest != none { remove(oldest) }
        if free != none {
            defer { free = self[free].next }
            return free
        }
        guard fresh < capacity else { return nil }
        defer { fresh &+= 1 }
        return UInt32(fresh)
    }

    private mutating func remove(_ number: UInt32) {
        slots.remove(UInt32(truncatingIfNeeded: self[number].key), entry: number)
        unlink(number)
        giveUp(number)
    }

    private mutating func giveUp(_ number: UInt32) {
        self[number].next = free
        free = number
    }

    private mutating func append(_ target: Target, at number: UInt32) {
        var target = target
        target.previous = newest
        target.next = none
        self[number] = target
        if newest == none { oldest = number } else { self[newest].next = number }
        newest = number
    }

    private mutating func unlink(_ number: UInt32) {
        let target = self[number]
        if target.previous == none { oldest = target.next } else { self[target.previous].next = target.next }
        if target.next == none { newest = target.previous } else { self[target.next].previous = target.previous }
    }

    private mutating func grow(_ allowance: inout MemoryAllowance) {
        let added = min(Self.growth, limit &- capacity)
        guard added > 0, allowance.take(added &* Self.stride) else { return }
        guard memory.extend(to: (capacity &+ added) &* Self.stride) else {
            allowance.giveBack(added &* Self.stride)
            return
        }
        capacity &+= added
    }
}

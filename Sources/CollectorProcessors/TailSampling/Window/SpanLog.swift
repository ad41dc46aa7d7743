// The shard's spans: an append-only log in segments. Arriving bytes are copied once and never moved, except out of a
// segment that is mostly dead (`TraceWindow.evacuateSparse`).
//
//     oldest                                  newest = open
//     | 256 KiB | ←→ | 256 KiB | ←→ … ←→ | 256 KiB ....... |      by age, not by address
//
// Each segment stands for itself: the resources and scopes of its spans are in it once (`SpanRecord.swift`), so a
// segment whose last span has left is empty and can be used again, whatever became of the others.

import OTLPWire

struct SpanLog: ~Copyable {
    private var memory: ReservedMemory
    private(set) var segments: SegmentTable
    /// The groups in the open segment, by hash.
    private var groups: [UInt64: UInt32] = [:]
    /// Changes whenever another segment becomes the open one; positions of groups are good while it stays.
    private(set) var generation: Int

    /// - Parameter limit: bytes of segments at most.
    /// - Parameter firstGeneration: where `generation` starts, far from that of other shards' logs.
    init?(limit: Int, firstGeneration: Int = 0) {
        // Twice the address space, so that runs find room between what is in use; ends of records have 32 bits too.
        let space = min(limit * 2, (4 << 30) - 1) / SegmentTable.segmentBytes * SegmentTable.segmentBytes
        guard let memory = ReservedMemory(reserving: max(space, SegmentTable.segmentBytes)) else { return nil }
        self.memory = memory
        generation = firstGeneration
        segments = SegmentTable(maximumCount: max(1, space / SegmentTable.segmentBytes))
    }

    /// All bytes of the log; records hold ranges of it.
    var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { memory.bytes }
    }

    /// The bytes of `size` still fit the open segment.
    @inline(__always)
    func hasRoom(for size: Int) -> Bool {
        guard segments.newest != none else { return false }
        let segment = segments[Int(segments.newest)]
        return segment.used &+ size <= segment.run &* SegmentTable.segmentBytes
    }

    /// Opens a segment with room for a record of `size`; false when `allowance` or the system has no memory for it.
    mutating func open(for size: Int, _ allowance: inout MemoryAllowance) -> Bool {
        let count = max(1, (size + SegmentTable.segmentBytes - 1) / SegmentTable.segmentBytes)
        // An open segment without live spans is only garbage.
        closeIfEmpty(segments.newest, evenIfOpen: true)
        guard let (first, missing) = segments.place(for: count) else { return false }
        guard allowance.take(missing * SegmentTable.segmentBytes) else { return false }
        guard memory.extend(to: (first + count) * SegmentTable.segmentBytes) else {
            allowance.giveBack(missing * SegmentTable.segmentBytes)
            return false
        }
        segments.open(first, count: count)
        groups.removeAll(keepingCapacity: groups.count <= 1024)
        generation &+= 1
        return true
    }

    /// Appends a span to the open segment, which must have room; returns its position.
    @inline(__always)
    mutating func append(
        _ source: Span<UInt8>, _ range: ByteRange, trace: UInt32, previous: UInt32, group: UInt32
    ) -> UInt32 {
        let size = SpanRecord.headerSize &+ range.count
        let position = reserve(size)
        let record = SpanRecord(size: UInt32(range.count), trace: trace, previous: previous, group: group)
        memory.store(record, at: position)
        memory.copy(source, range.range, to: position &+ SpanRecord.headerSize)
        let segment = Int(segments.newest)
        segments[segment].liveBytes &+= size
        segments[segment].liveSpans &+= 1
        segments[segment].spans &+= 1
        return UInt32(position)
    }

    /// The group with this hash and these bytes in the open segment, when it is there.
    func group(_ hash: UInt64, _ source: Span<UInt8>, _ entry: GroupEntry, resource: UInt32) -> UInt32? {
        guard let position = groups[hash] else { return nil }
        let known = groupRecord(at: position)
        guard known.resource == resource, areEqual(source, entry.head, bytes, known.head),
            areEqual(source, entry.tail, bytes, known.tail)
        else { return nil }
        return position
    }

    /// Appends a group to the open segment, which must have room; returns its position.
    mutating func appendGroup(_ hash: UInt64, _ source: Span<UInt8>, _ entry: GroupEntry, resource: UInt32) -> UInt32 {
        let position = reserveGroup(hash, head: entry.head.count, tail: entry.tail.count, resource: resource)
        let content = position &+ GroupRecord.headerSize
        memory.copy(source, entry.head.range, to: content)
        memory.copy(source, entry.tail.range, to: content &+ entry.head.count)
        return UInt32(position)
    }

    /// Copies a group of another segment into the open one, which must have room; returns its position.
    mutating func moveGroup(_ group: GroupRecord, resource: UInt32) -> UInt32 {
        let position = reserveGroup(group.hash, head: group.head.count, tail: group.tail.count, resource: resource)
        let content = group.head.start..<group.tail.end
        memory.move(content, to: position &+ GroupRecord.headerSize)
        return UInt32(position)
    }

    private mutating func reserveGroup(_ hash: UInt64, head: Int, tail: Int, resource: UInt32) -> Int {
        let position = reserve(GroupRecord.headerSize &+ head &+ tail)
        segments[Int(segments.newest)].groupBytes &+= GroupRecord.headerSize &+ head &+ tail
        memory.store(UInt32(head &+ tail) | GroupRecord.mark, at: position)
        memory.store(resource, at: position &+ 4)
        memory.store(hash, at: position &+ 8)
        memory.store(UInt32(head), at: position &+ 16)
        groups[hash] = UInt32(position)
        return position
    }

    @inline(__always)
    func record(at position: UInt32) -> SpanRecord { memory.load(Int(position), as: SpanRecord.self) }

    func groupRecord(at position: UInt32) -> GroupRecord {
        let size = Int(memory.load(Int(position), as: UInt32.self) & ~GroupRecord.mark)
        let headSize = Int(memory.load(Int(position) &+ 16, as: UInt32.self))
        let start = Int(position) &+ GroupRecord.headerSize
        return GroupRecord(
            hash: memory.load(Int(position) &+ 8, as: UInt64.self),
            resource: memory.load(Int(position) &+ 4, as: UInt32.self),
            head: ByteRange(start, start &+ headSize), tail: ByteRange(start &+ headSize, start &+ size))
    }

    /// Links another span in front of the one at `position`.
    mutating func setPrevious(_ previous: UInt32, at position: UInt32) {
        memory.store(previous, at: Int(position) &+ 8)
    }

    /// Notes that a span has left; its segment is free for others with the last of them.
    @inline(__always)
    mutating func retire(_ position: UInt32, _ record: SpanRecord) {
        retire(spans: 1, bytes: Int(record.size), in: segment(of: position))
    }

    /// Notes that spans of one segment have left, `bytes` without their headers.
    @inline(__always)
    mutating func retire(spans: Int, bytes: Int, in segment: Int) {
        segments[segment].liveBytes &-= spans &* SpanRecord.headerSize &+ bytes
        segments[segment].liveSpans &-= spans
        if segments[segment].liveSpans == 0 { closeIfEmpty(UInt32(segment), evenIfOpen: false) }
    }

    /// The segment a record stands in: for a run, the first one.
    @inline(__always)
    func segment(of position: UInt32) -> Int {
        let segment = Int(position) / SegmentTable.segmentBytes
        return segments[segment].run > 0 ? segment : segments.head(of: segment)
    }

    /// Copies a live span into the open segment, which must have room, and retires the old place; returns the new one.
    mutating func relocate(_ position: UInt32, _ record: SpanRecord, group: UInt32) -> UInt32 {
        let size = SpanRecord.headerSize &+ Int(record.size)
        let target = reserve(size)
        var moved = record
        moved.group = group
        memory.store(moved, at: target)
        memory.move(record.range(at: position).range, to: target &+ SpanRecord.headerSize)
        let segment = Int(segments.newest)
        segments[segment].liveBytes &+= size
        segments[segment].liveSpans &+= 1
        segments[segment].spans &+= 1
        retire(position, record)
        return UInt32(target)
    }

    /// A segment that is worth emptying (`SegmentTable.nextSparse`).
    mutating func nextSparse() -> Int? { segments.nextSparse() }

    /// Calls `body` with the position and header of each span of a segment, those included that have left.
    func forEachSpan(in segment: Int, _ body: (UInt32, SpanRecord) -> Void) {
        let start = segment &* SegmentTable.segmentBytes
        var at = start
        while at < start &+ segments[segment].used {
            let size = memory.load(at, as: UInt32.self)
            if size & GroupRecord.mark != 0 {
                at &+= GroupRecord.headerSize &+ Int(size & ~GroupRecord.mark)
                continue
            }
            let record = memory.load(at, as: SpanRecord.self)
            body(UInt32(at), record)
            at &+= SpanRecord.headerSize &+ Int(size)
        }
    }

    /// Gives back to the system what was idle since the last call.
    mutating func trim(_ allowance: inout MemoryAllowance) {
        closeIfEmpty(segments.newest, evenIfOpen: true)
        for segment in segments.releaseUnneeded() {
            let start = segment * SegmentTable.segmentBytes
            memory.discard(start..<start + SegmentTable.segmentBytes)
            allowance.giveBack(SegmentTable.segmentBytes)
        }
    }

    private mutating func reserve(_ size: Int) -> Int {
        let segment = Int(segments.newest)
        let position = segment &* SegmentTable.segmentBytes &+ segments[segment].used
        segments[segment].used &+= size
        return position
    }

    private mutating func closeIfEmpty(_ segment: UInt32, evenIfOpen: Bool) {
        guard segment != none, segments[Int(segment)].liveSpans == 0, evenIfOpen || segment != segments.newest else {
            return
        }
        if segment == segments.newest {
            groups.removeAll()
            generation &+= 1
        }
        segments.close(Int(segment))
    }
}

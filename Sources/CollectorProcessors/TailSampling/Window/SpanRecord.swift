// What stands in the log's segments, one record behind the other, unaligned:
//
//     span      | size | trace | previous | group |  the Span message …
//                 0      4       8          12       16
//     scope     | size·S | resource | hash …… | head size |  head … tail …
//     resource  | size·S |   none   | hash …… | head size |  head … tail …
//                 0        4          8         16          20
//
// `size` counts the bytes behind the header; its top bit (S) marks a group. `trace` is the number of the span's entry;
// once the span has left, that entry is free or another trace's (`TraceWindow.tracesAlive`). `previous` is the position
// of the span before in the same trace, `group` that of its scope, `resource` that of the scope's resource. All
// positions are offsets into the shard's memory, so below 4 GiB; a record's group stands in the same segment.

import OTLPWire

/// The header of a span's record.
struct SpanRecord: BitwiseCopyable {
    static let headerSize = 16

    var size: UInt32
    var trace: UInt32
    var previous: UInt32
    var group: UInt32

    /// Where the message of the record at `position` stands.
    func range(at position: UInt32) -> ByteRange {
        let start = Int(position) &+ Self.headerSize
        return ByteRange(start, start &+ Int(size))
    }
}

/// The header of a group's record, without its hash.
struct GroupRecord {
    static let headerSize = 20
    static let mark: UInt32 = 1 << 31

    var hash: UInt64
    /// The position of the resource; `none` when this is one.
    var resource: UInt32
    var head: ByteRange
    var tail: ByteRange
}

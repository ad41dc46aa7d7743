// Eight bytes at a time: keys and values are compared for nearly every span.

/// Whether two ranges hold the same bytes.
package func areEqual(_ left: Span<UInt8>, _ first: ByteRange, _ right: Span<UInt8>, _ second: ByteRange) -> Bool {
    let count = first.count
    guard second.count == count else { return false }
    var offset = 0
    while offset &+ 8 <= count {
        let word = loadLittleEndian64(left, first.start &+ offset)
        if word != loadLittleEndian64(right, second.start &+ offset) { return false }
        offset &+= 8
    }
    while offset < count {
        if left[first.start &+ offset] != right[second.start &+ offset] { return false }
        offset &+= 1
    }
    return true
}

/// Whether two pieces of memory hold the same bytes.
package func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    areEqual(left, ByteRange(0, left.count), right, ByteRange(0, right.count))
}

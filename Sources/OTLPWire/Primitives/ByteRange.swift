/// A half-open range of offsets into one message's bytes. 32 bits: bodies are limited to far less than 4 GiB.
package struct ByteRange: Sendable, Hashable {
    package var lower: UInt32
    package var upper: UInt32

    @inlinable
    package init(_ lower: Int, _ upper: Int) {
        self.lower = UInt32(truncatingIfNeeded: lower)
        self.upper = UInt32(truncatingIfNeeded: upper)
    }

    /// The range of nothing, at offset 0.
    package static var empty: ByteRange { ByteRange(0, 0) }

    @inlinable package var start: Int { Int(lower) }
    @inlinable package var end: Int { Int(upper) }
    @inlinable package var count: Int { Int(upper) &- Int(lower) }
    @inlinable package var isEmpty: Bool { lower == upper }
    @inlinable package var range: Range<Int> { start..<max(start, end) }
}

/// Which of the conditions on single spans some span of a trace meets: a bit each.
struct MatchSet: BitwiseCopyable, Equatable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    static let capacity = 128

    subscript(bit: Int) -> Bool {
        @inline(__always) get { (bit < 64 ? low &>> UInt64(bit) : high &>> UInt64(bit - 64)) & 1 == 1 }
    }

    @inline(__always)
    mutating func insert(_ bit: Int) {
        if bit < 64 { low |= 1 &<< UInt64(bit) } else { high |= 1 &<< UInt64(bit - 64) }
    }

    @inline(__always)
    mutating func formUnion(_ other: MatchSet) {
        low |= other.low
        high |= other.high
    }
}

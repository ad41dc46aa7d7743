import NIOCore

/// Memory that bytes are appended to, over and over again. What an array does as well, but an array counts references
/// to what is appended to it: several times per line of a scrape, which is a third of what a line costs.
@safe
struct ByteSink: ~Copyable {
    private var memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(capacity: Int) {
        unsafe memory = .allocate(byteCount: max(64, capacity), alignment: 1)
    }

    deinit {
        // unsafe: allocated in `init` or `grow`, and nobody else's.
        unsafe memory.deallocate()
    }

    /// The bytes it takes.
    var capacity: Int {
        // unsafe: only because the type is; its size is asked for.
        unsafe memory.count
    }

    /// A copy of what has been appended.
    borrowing func array() -> [UInt8] {
        // unsafe: the first `count` bytes are initialized; they are copied within the call.
        unsafe [UInt8](UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }

    /// Appends to `buffer` what has been appended here since the last `removeAll`.
    borrowing func copy(to buffer: inout ByteBuffer) {
        // unsafe: the first `count` bytes are initialized; they are copied within the call.
        _ = unsafe buffer.writeBytes(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }

    /// Appends the same to another one.
    borrowing func copy(to other: inout ByteSink) {
        // unsafe: the first `count` bytes are initialized.
        unsafe other.append(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }

    mutating func append(_ bytes: borrowing [UInt8]) {
        // unsafe: the array's bytes are used within the call.
        unsafe bytes.withUnsafeBytes { unsafe append($0) }
    }

    /// Appends a part of an array; nothing when the array does not have it.
    mutating func append(_ bytes: borrowing [UInt8], _ range: Range<Int>) {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { return }
        // unsafe: the range is within the array, whose bytes are used within the call.
        unsafe bytes.withUnsafeBytes { unsafe append(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    private mutating func append(_ source: UnsafeRawBufferPointer) {
        // unsafe: `reserve` has made room for the bytes behind `count`.
        guard let first = source.baseAddress else { return }
        let size = source.count
        reserve(size)
        unsafe (start + count).copyMemory(from: first, byteCount: size)
        count &+= size
    }

    mutating func append(_ byte: UInt8) {
        reserve(1)
        // unsafe: `reserve` has made room.
        unsafe (start + count).storeBytes(of: byte, as: UInt8.self)
        count &+= 1
    }

    mutating func append(decimal value: UInt64) {
        reserve(Self.maximumDigits)
        write(decimal: value)
    }

    /// Appends a line: what stands in `prefix`, the part of its labels that `end` says, and a count. A scrape is made of
    /// these nearly all the way, so room is asked for once.
    mutating func appendLine(
        _ prefix: borrowing ByteSink, _ ends: borrowing [UInt8], _ range: Range<Int>, _ value: UInt64
    ) {
        guard range.lowerBound >= 0, range.upperBound <= ends.count else { return }
        reserve(prefix.count &+ range.count &+ Self.maximumDigits)
        // unsafe: room for all three was made above, the source's first `count` bytes are initialized and the range is
        // within the array, whose bytes are used within the call.
        unsafe (start + count).copyMemory(from: prefix.start, byteCount: prefix.count)
        count &+= prefix.count
        unsafe ends.withUnsafeBytes { source in
            guard let first = source.baseAddress else { return }
            unsafe (start + count).copyMemory(from: first + range.lowerBound, byteCount: range.count)
        }
        count &+= range.count
        write(decimal: value)
    }

    private static let maximumDigits = 20

    /// Writes two digits at a time from the end; there must be room for `maximumDigits`.
    private mutating func write(decimal value: UInt64) {
        let digits = value.decimalDigits
        var position = count &+ digits
        count = position
        var rest = value
        while rest >= 10 {
            position &-= 2
            let pair = UInt16(truncatingIfNeeded: rest % 100)
            rest /= 100
            let characters = (0x3030 &+ (pair % 10) << 8 &+ pair / 10).littleEndian
            // unsafe: the caller has made room, and `position` is not below where the number begins.
            unsafe (start + position).storeBytes(of: characters, as: UInt16.self)
        }
        // An even number of digits ends with a pair; zero is a digit, too.
        guard position > count &- digits else { return }
        // unsafe: as above.
        unsafe (start + (position &- 1)).storeBytes(of: 0x30 &+ UInt8(truncatingIfNeeded: rest), as: UInt8.self)
    }

    mutating func append(littleEndian value: UInt64) {
        reserve(8)
        // unsafe: `reserve` has made room.
        unsafe (start + count).storeBytes(of: value.littleEndian, as: UInt64.self)
        count &+= 8
    }

    /// Writes how many bytes follow `position` in front of it, where one byte has been left for that; what follows moves
    /// if the number takes more.
    mutating func setLength(before position: Int) {
        guard position > 0, position <= count else { return }
        let length = count &- position
        var rest = UInt64(length)
        let size = max(1, (70 &- rest.leadingZeroBitCount) / 7)
        if size > 1 {
            reserve(size &- 1)
            // unsafe: the bytes from `position` on are initialized, and `reserve` has made room for them further on.
            unsafe (start + position + (size &- 1)).copyMemory(from: start + position, byteCount: length)
            count &+= size &- 1
        }
        for offset in 0..<size {
            let more: UInt8 = offset &+ 1 < size ? 0x80 : 0
            // unsafe: within what has been appended.
            unsafe (start + (position &- 1 &+ offset)).storeBytes(
                of: UInt8(truncatingIfNeeded: rest & 0x7f) | more, as: UInt8.self)
            rest >>= 7
        }
    }

    /// Puts another byte in place of the last one.
    mutating func replaceLast(with byte: UInt8) {
        guard count > 0 else { return }
        // unsafe: the last byte is within what has been appended.
        unsafe (start + (count &- 1)).storeBytes(of: byte, as: UInt8.self)
    }

    mutating func removeAll() {
        count = 0
    }

    private var start: UnsafeMutableRawPointer {
        // unsafe: never nil, since at least 64 bytes are allocated.
        unsafe memory.baseAddress.unsafelyUnwrapped
    }

    private mutating func reserve(_ size: Int) {
        // unsafe: only because the type is; its size is asked for.
        if unsafe size > memory.count &- count { grow(by: size) }
    }

    private mutating func grow(by size: Int) {
        // unsafe: the larger memory holds what was appended, and the old one is not used any more.
        let larger = unsafe UnsafeMutableRawBufferPointer.allocate(
            byteCount: 2 * (memory.count + size), alignment: 1)
        unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<count]))
        unsafe memory.deallocate()
        unsafe memory = larger
    }
}

extension UInt64 {
    /// How many digits its decimal has.
    fileprivate var decimalDigits: Int {
        var digits = 1
        var rest = self
        while rest >= 10_000 {
            rest /= 10_000
            digits &+= 4
        }
        if rest >= 100 { return digits &+ (rest >= 1000 ? 3 : 2) }
        return digits &+ (rest >= 10 ? 1 : 0)
    }
}

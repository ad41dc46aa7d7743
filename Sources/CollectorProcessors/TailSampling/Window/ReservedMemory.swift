// The one place of the window that handles raw memory. Address space for the largest size is reserved at once, so
// nothing ever moves and growing copies nothing; pages count against the process only when they are first written, and
// go back to the system by `discard`.
//
//     0           writable                          reserved
//     |-- usable --|······ no access, costs nothing ······|

import Glibc

/// Zeroed pages straight from the system. Every access is checked against what has been made usable.
@safe struct ReservedMemory: ~Copyable {
    // unsafe: the pointer is valid for `reserved` bytes until deinit, and never leaves this type.
    private let base: UnsafeMutableRawPointer
    /// Bytes of address space.
    let reserved: Int
    /// Bytes from the start that may be read and written.
    private(set) var usable = 0

    /// Reserves address space; nil when the system has none to give.
    init?(reserving bytes: Int) {
        let size = Self.roundedToPages(max(1, bytes))
        // unsafe: asks for pages anywhere; the result is checked.
        guard let pages = unsafe mmap(nil, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
            unsafe pages != MAP_FAILED
        else { return nil }
        unsafe base = pages
        reserved = size
    }

    deinit {
        // unsafe: the pages are this value's own, and it is going away.
        _ = unsafe munmap(base, reserved)
    }

    /// Makes the first `bytes` usable; false when that is more than was reserved or the system refuses.
    mutating func extend(to bytes: Int) -> Bool {
        let size = Self.roundedToPages(bytes)
        guard size > usable else { return true }
        // unsafe: the range lies inside the reservation.
        guard size <= reserved, unsafe mprotect(base, size, PROT_READ | PROT_WRITE) == 0 else { return false }
        usable = size
        return true
    }

    /// Gives whole pages back to the system; they read as zero afterwards.
    mutating func discard(_ range: Range<Int>) {
        precondition(range.upperBound <= usable)
        // unsafe: the range is usable; the caller does not need its contents any more.
        _ = unsafe madvise(base + range.lowerBound, range.count, MADV_DONTNEED)
    }

    /// Everything usable.
    var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // unsafe: the storage lives as long as `self` and is initialized (the system hands out zeroes).
            let buffer = unsafe UnsafeBufferPointer(
                start: UnsafePointer(base.assumingMemoryBound(to: UInt8.self)), count: usable)
            return unsafe _overrideLifetime(buffer.span, borrowing: self)
        }
    }

    @inline(__always)
    func load<Value: BitwiseCopyable>(_ offset: Int, as type: Value.Type) -> Value {
        precondition(offset >= 0 && offset &+ MemoryLayout<Value>.size <= usable)
        // unsafe: inside the usable bytes; only values made of any bits, or stored here before, are loaded.
        return unsafe base.loadUnaligned(fromByteOffset: offset, as: type)
    }

    @inline(__always)
    mutating func store<Value: BitwiseCopyable>(_ value: Value, at offset: Int) {
        precondition(offset >= 0 && offset &+ MemoryLayout<Value>.size <= usable)
        // unsafe: inside the usable bytes.
        unsafe base.storeBytes(of: value, toByteOffset: offset, as: Value.self)
    }

    /// Copies `range` of `source` to `offset`.
    mutating func copy(_ source: Span<UInt8>, _ range: Range<Int>, to offset: Int) {
        guard !range.isEmpty else { return }
        precondition(range.upperBound <= source.count && offset >= 0 && offset &+ range.count <= usable)
        // unsafe: both sides are checked above.
        unsafe source.withUnsafeBytes { bytes in
            let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
            unsafe UnsafeMutableRawBufferPointer(start: base + offset, count: range.count).copyMemory(from: part)
        }
    }

    /// Copies bytes inside this memory; the ranges do not overlap.
    mutating func move(_ range: Range<Int>, to offset: Int) {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= usable && offset >= 0 && offset &+ range.count <= usable)
        // unsafe: both sides are checked above.
        unsafe memmove(base + offset, base + range.lowerBound, range.count)
    }

    private static func roundedToPages(_ bytes: Int) -> Int {
        let page = 4096
        return (bytes &+ page &- 1) / page &* page
    }
}

import CProtobufC
import Glibc

/// Memory for unpacked messages: taken in chunks, given back all at once, never more than a limit.
///
/// libprotobuf-c allocates once per message, string and array. From here that is a pointer bump, and a hostile body
/// (two wire bytes can become a struct of 300) ends in a failed unpack instead of exhausted memory. What is unpacked
/// lives as long as the arena: views borrow it.
@safe
struct Arena: ~Copyable {
    private let state: UnsafeMutablePointer<State>

    @unsafe private struct State {
        var allocator: ProtobufCAllocator
        var chunks: [UnsafeMutableRawPointer]
        var next: UnsafeMutableRawPointer?
        var free: Int
        /// What may still be taken from the system.
        var budget: Int
        var chunkSize: Int
        var refused: Bool
    }

    /// - Parameter limit: how many bytes may be taken from the system in all.
    init(limit: Int) {
        // Freed by deinit. The C side keeps the address of the state between calls, so it must not move.
        unsafe state = UnsafeMutablePointer<State>.allocate(capacity: 1)
        unsafe state.initialize(
            to: State(
                allocator: ProtobufCAllocator(), chunks: [], next: nil, free: 0, budget: limit, chunkSize: 16 << 10,
                refused: false))
        unsafe state.pointee.allocator = unsafe ProtobufCAllocator(
            alloc: { data, size in unsafe Arena.allocate(data, size) },
            free: { _, _ in },
            allocator_data: UnsafeMutableRawPointer(state))
    }

    deinit {
        // Views cannot outlive the arena, so nothing points into the chunks any more.
        let chunks = unsafe state.pointee.chunks
        for index in unsafe chunks.indices { unsafe free(chunks[index]) }
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
    }

    /// Whether the limit ever refused memory.
    var isExhausted: Bool { unsafe state.pointee.refused }

    /// Builds the tree of a message.
    ///
    /// - Parameter bytes: a message in canonical form (see `canonicalWire`): libprotobuf-c recurses without bound, and
    ///   its merging of a singular message that occurs twice loses fields.
    /// - Returns: nil when the bytes are malformed, or when the limit is reached (`isExhausted`).
    @_lifetime(borrow self)
    func unpack(_ bytes: Span<UInt8>, as message: Int) -> MessageView? {
        let descriptor = Schema.shared.messages[message].descriptor
        // The result lies in this arena's chunks; the input is copied from, not kept.
        let unpacked = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe protobuf_c_message_unpack(
                descriptor.pointer, &state.pointee.allocator, buffer.count, buffer.baseAddress)
        }
        guard let root = unsafe unpacked else { return nil }
        return unsafe _overrideLifetime(MessageView(root: UnsafeRawPointer(root), message: message), borrowing: self)
    }

    /// The allocator's C callback: `size` bytes aligned for any C type, or NULL.
    private static func allocate(_ data: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer? {
        // `data` is what init stored: the address of the state.
        guard let state = unsafe data?.assumingMemoryBound(to: State.self) else { return nil }
        let (padded, overflow) = size.addingReportingOverflow(15)
        guard size >= 0, !overflow else { return nil }
        let needed = max(16, padded & ~15)
        if unsafe needed > state.pointee.free {
            // A large block gets a chunk of its own; what is left of the current chunk is given up.
            let chunk = unsafe max(needed, state.pointee.chunkSize)
            guard unsafe chunk <= state.pointee.budget, let memory = unsafe malloc(chunk) else {
                unsafe state.pointee.refused = true
                return nil
            }
            unsafe state.pointee.chunks.append(memory)
            unsafe state.pointee.budget -= chunk
            unsafe state.pointee.chunkSize = unsafe min(1 << 20, state.pointee.chunkSize * 2)
            unsafe state.pointee.next = unsafe memory
            unsafe state.pointee.free = chunk
        }
        // `needed` bytes are free behind `next`.
        let result = unsafe state.pointee.next
        unsafe state.pointee.next = unsafe result?.advanced(by: needed)
        unsafe state.pointee.free -= needed
        return unsafe result
    }
}

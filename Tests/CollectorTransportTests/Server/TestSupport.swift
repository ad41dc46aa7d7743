import CollectorCore
import CollectorTransport
import NIOCore
import NIOPosix
import Synchronization

/// Runs work at once on the calling thread.
struct ImmediateWorkers: WorkerPool {
    func run(_ work: @escaping @Sendable () -> Void) { work() }
}

/// Keeps work until the test runs it.
final class ManualWorkers: WorkerPool {
    private let waiting = Mutex<[@Sendable () -> Void]>([])

    func run(_ work: @escaping @Sendable () -> Void) { waiting.withLock { $0.append(work) } }

    var count: Int { waiting.withLock { $0.count } }

    func runAll() {
        let work = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for work in work { work() }
    }
}

/// Real threads, for tests with sockets.
struct PoolWorkers: WorkerPool {
    func run(_ work: @escaping @Sendable () -> Void) {
        NIOThreadPool.singleton.submit { _ in work() }
    }
}

extension ByteBudget {
    static func unlimited() -> ByteBudget { ByteBudget(limit: .max / 2, now: { 0 }) }
}

/// Waits for what another thread is about to do; false when it has not after ten seconds.
func eventually(_ condition: () -> Bool) async -> Bool {
    let deadline = NIODeadline.now() + .seconds(10)
    while !condition() {
        if NIODeadline.now() > deadline { return false }
        await Task.yield()
    }
    return true
}

/// Bytes that compress badly and are the same in every run.
func noise(_ count: Int) -> ByteBuffer {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    var buffer = ByteBuffer()
    buffer.reserveCapacity(count + 8)
    while buffer.readableBytes < count {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        buffer.writeInteger(state)
    }
    return buffer.getSlice(at: 0, length: count) ?? buffer
}

/// Gzip data, about a kilobyte of it for each megabyte of zeros that it inflates to.
func bomb(megabytes: Int) -> ByteBuffer {
    let member = Deflater.gzip([ByteBuffer(repeating: 0, count: 1 << 20)]) ?? ByteBuffer()
    var bomb = ByteBuffer()
    for _ in 0..<megabytes { bomb.writeImmutableBuffer(member) }
    return bomb
}

extension ByteBuffer {
    /// The readable bytes in pieces of `size`.
    func pieces(of size: Int) -> [ByteBuffer] {
        var rest = self
        var pieces: [ByteBuffer] = []
        while rest.readableBytes > 0, let piece = rest.readSlice(length: min(size, rest.readableBytes)) {
            pieces.append(piece)
        }
        return pieces
    }
}

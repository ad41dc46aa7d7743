import Glibc
import NIOCore
import NIOPosix

/// A TCP client that sends exactly the bytes it is given. Every wait ends after ten seconds.
///
/// It waits on threads of its own: the tests' are few, and the server's shutdown needs one.
final class RawClient: Sendable {
    private static let threads: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 16)
        pool.start()
        return pool
    }()

    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        // unsafe: the pointers are to locals that outlive the calls, with their sizes.
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        let result = unsafe address.withSockAddr { pointer, size in
            unsafe connect(descriptor, pointer, socklen_t(size))
        }
        guard result == 0 else { throw Unexpected("connect: \(errno)") }
    }

    deinit { close(descriptor) }

    /// Sends everything; false when the server does not take it.
    @discardableResult
    func send(_ bytes: ByteBuffer) -> Bool {
        var rest = bytes
        while rest.readableBytes > 0 {
            // unsafe: the pointer is used within the closure, with its count.
            let count = unsafe rest.withUnsafeReadableBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest.moveReaderIndex(forwardBy: count)
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(ByteBuffer(string: text)) }

    func closeOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// What comes until `isEnough` of it, the end, a reset, or ten seconds of nothing.
    func receive(until isEnough: @escaping @Sendable (ByteBuffer) -> Bool) async throws -> ByteBuffer {
        try await Self.threads.runIfActive {
            var all = ByteBuffer()
            while !isEnough(all), self.receive(into: &all) {}
            return all
        }
    }

    func receiveText(until isEnough: @escaping @Sendable (String) -> Bool) async throws -> String {
        String(buffer: try await receive { isEnough(String(buffer: $0)) })
    }

    /// Everything until the server closes.
    func receiveToEnd() async throws -> String { String(buffer: try await receive { _ in false }) }

    private func receive(into buffer: inout ByteBuffer) -> Bool {
        // unsafe: the pointer is used within the closure, with its count.
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 65536) {
            unsafe max(0, recv(descriptor, $0.baseAddress, $0.count, 0))
        } > 0
    }
}

import CollectorCore
import Glibc
import Synchronization

/// A file that lines are appended to, in order, on a worker thread. Opened by the first `open`, closed by the last `close`.
final class LineFile: Sendable {
    private struct Handle {
        var descriptor: Int32 = -1
        var users = 0
    }

    let writer: SerialWriter
    private let path: String
    private let appends: Bool
    private let handle = Mutex(Handle())

    init(path: String, appends: Bool, _ workers: any WorkerPool) {
        self.path = path
        self.appends = appends
        writer = SerialWriter(workers)
    }

    func open() throws(ComponentError) {
        let problem = handle.withLock { handle -> Int32 in
            if handle.users == 0 {
                let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (appends ? O_APPEND : O_TRUNC)
                // unsafe: open(2) reads the path as a C string that lives across the call.
                handle.descriptor = unsafe Glibc.open(path, flags, 0o644)
                if handle.descriptor < 0 { return errno }
            }
            handle.users += 1
            return 0
        }
        guard problem == 0 else {
            throw ComponentError(
                "cannot open \(path) for writing: \(describe(problem)); choose a path that is writable")
        }
    }

    /// Writes a line; its newline is added. Called from the serial writer only.
    func write(_ line: [UInt8]) throws(DeliveryError) {
        let descriptor = handle.withLock { $0.descriptor }
        let bytes = line + [UInt8(ascii: "\n")]
        var written = 0
        while written < bytes.count {
            // unsafe: write(2) reads from the array, which lives across the call.
            let count = unsafe bytes.withUnsafeBytes { source in
                unsafe Glibc.write(descriptor, source.baseAddress?.advanced(by: written), source.count - written)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw .permanent("writing to \(path) failed: \(describe(errno))", code: .internal)
            }
            written += count
        }
    }

    /// Called once for each `open` that succeeded, after the caller's lines are written.
    func close() {
        handle.withLock { handle in
            handle.users -= 1
            if handle.users == 0 {
                Glibc.close(handle.descriptor)
                handle.descriptor = -1
            }
        }
    }
}

/// The system's text for an error number.
func describe(_ number: Int32) -> String {
    // unsafe: strerror returns a C string that is copied at once.
    unsafe String(cString: strerror(number))
}

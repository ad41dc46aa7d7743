import CollectorTransport
import Glibc
import NIOCore

/// The bytes of one capture, piece by piece, inflated when they are gzip: a capture of many gigabytes takes no more memory
/// than a piece of it.
final class CaptureBytes {
    private static let pieceSize = 1 << 20

    let name: String
    /// The size of the file; nil for what is no regular file.
    let storedSize: Int?
    /// Bytes read so far, as they are stored.
    private(set) var storedCount = 0
    private let descriptor: Int32
    private var piece = ByteBuffer()
    private var isAtEnd = false
    private var inflater: Inflater?

    /// - Parameter path: `-` is standard input.
    init(path: String) throws(CaptureProblem) {
        name = path == "-" ? "standard input" : path
        guard !path.utf8.contains(0) else { throw CaptureProblem(file: path, "a path cannot contain a NUL byte") }
        // unsafe: the path is passed as a C string for the length of the call.
        descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CaptureProblem(file: path, "cannot read: \(systemMessage())") }
        var status = stat()
        // unsafe: fstat fills the structure it is given.
        let kind = unsafe fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0
        storedSize = kind == S_IFREG ? Int(status.st_size) : nil
        if kind == S_IFDIR { throw CaptureProblem(file: path, "cannot read: it is a directory; name the files in it") }
    }

    deinit {
        if descriptor > STDIN_FILENO { close(descriptor) }
    }

    /// Appends the next bytes to `output`; false when there are no more.
    func read(into output: inout ByteBuffer) throws(CaptureProblem) -> Bool {
        while true {
            if piece.readableBytes == 0, !isAtEnd { try readPiece() }
            if inflater == nil {
                guard piece.readableBytes > 0 else { return false }
                output.writeBuffer(&piece)
                return true
            }
            if try inflate(into: &output) > 0 { return true }
            if isAtEnd, piece.readableBytes == 0 {
                try finishInflating()
                return false
            }
        }
    }

    private func inflate(into output: inout ByteBuffer) throws(CaptureProblem) -> Int {
        output.reserveCapacity(minimumWritableBytes: Self.pieceSize)
        let before = output.readableBytes
        do {
            _ = try inflater?.step(&piece, into: &output, atMost: Self.pieceSize)
        } catch {
            throw CaptureProblem(file: name, "cannot inflate: \(error)")
        }
        return output.readableBytes - before
    }

    private func finishInflating() throws(CaptureProblem) {
        do {
            try inflater?.finish()
        } catch {
            throw CaptureProblem(file: name, "cannot inflate: \(error)")
        }
    }

    private func readPiece() throws(CaptureProblem) {
        piece.clear(minimumCapacity: Self.pieceSize)
        var count = 0
        var isInterrupted = false
        repeat {
            // unsafe: read(2) fills the buffer's own storage, at most what it is told of, and says how much.
            unsafe piece.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.pieceSize) { target in
                count = unsafe Glibc.read(descriptor, target.baseAddress, target.count)
                return max(0, count)
            }
            isInterrupted = count < 0 && errno == EINTR
        } while isInterrupted
        guard count >= 0 else {
            isAtEnd = true
            throw CaptureProblem(file: name, "cannot read: \(systemMessage())")
        }
        isAtEnd = count == 0
        // The two magic bytes of RFC 1952.
        if storedCount == 0, piece.getInteger(at: piece.readerIndex, as: UInt16.self) == 0x1f8b {
            inflater = Inflater(format: .gzip)
        }
        storedCount += count
    }
}

// How a capture falls into requests. Three forms, told apart by the name and the beginning:
//
//   lines      OTLP/JSON, one request a line, as the `file` exporter writes it: read line by line, so of any size
//   document   one JSON request over several lines: read whole
//   protobuf   one ExportTraceServiceRequest: read whole

import Glibc
import NIOCore

/// Cuts one capture into requests.
final class CaptureFraming {
    /// The largest request, in bytes; what is longer is reported and passed over.
    static let largestRequest = 256 << 20

    private enum Form {
        case unknown, lines, done
    }

    private let source: CaptureBytes
    private let limit: Int
    private var buffer = ByteBuffer()
    private var form = Form.unknown
    private var line = 0
    private var hasMore = true

    init(_ source: CaptureBytes, limit: Int = CaptureFraming.largestRequest) {
        self.source = source
        self.limit = limit
    }

    /// The next request; nil at the end. After an error the next call goes on behind it, if anything is left.
    func next() throws(CaptureProblem) -> CaptureItem? {
        switch form {
        case .done: return nil
        case .lines: return try nextLine()
        case .unknown: return try first()
        }
    }

    private func first() throws(CaptureProblem) -> CaptureItem? {
        form = .done
        if try isProtobuf() { return try whole(.protobuf, line: 0) }
        form = .lines
        guard let item = try nextLine() else { return nil }
        if isClosed(item.bytes) { return item }
        if buffer.readableBytes == 0 { _ = try more() }
        // A cut-off line, with requests in the lines behind it.
        if CaptureItem(form: .json, bytes: buffer, line: 0).namedSignal != nil { return item }
        // An object that goes on in the next line: one request, written for people.
        form = .done
        return try whole(.json, line: item.line, from: item.bytes)
    }

    // MARK: Whole

    private func whole(
        _ form: CaptureItem.Form, line: Int, from start: ByteBuffer = ByteBuffer()
    ) throws(CaptureProblem) -> CaptureItem {
        var bytes = start
        if start.readableBytes > 0 { bytes.writeInteger(UInt8(ascii: "\n")) }
        bytes.writeBuffer(&buffer)
        while bytes.readableBytes <= limit, try source.read(into: &bytes) {}
        guard bytes.readableBytes <= limit else { throw tooLarge(line) }
        return CaptureItem(form: form, bytes: bytes, line: line)
    }

    /// A name that ends in `.pb` or `.bin` says so; else the bytes must begin as such messages do.
    private func isProtobuf() throws(CaptureProblem) -> Bool {
        let name = source.name.hasSuffix(".gz") ? String(source.name.dropLast(3)) : source.name
        if name.hasSuffix(".pb") || name.hasSuffix(".bin") { return true }
        while buffer.readableBytes < 16, try more() {}
        let bytes = buffer.readableBytesView
        // `\n{"` could begin a message too, one of 123 bytes with a resource of 34; text is likelier.
        let text = bytes.drop { isSpace($0) }
        let inner = text.dropFirst().drop { isSpace($0) }
        if text.first == UInt8(ascii: "{"), inner.first == UInt8(ascii: "\"") { return false }
        return beginsAsMessage(bytes.prefix(16))
    }

    /// Whether bytes begin with a ResourceSpans: field 1, its length, and the tag of one of its three fields.
    private func beginsAsMessage(_ bytes: ByteBufferView) -> Bool {
        guard bytes.first == 0x0a else { return false }
        let tag = bytes.dropFirst().drop { $0 >= 0x80 }.dropFirst().first
        return tag.map { [0x0a, 0x12, 0x1a].contains($0) } ?? (bytes.count > 1)
    }

    // MARK: Lines

    private func nextLine() throws(CaptureProblem) -> CaptureItem? {
        var searched = 0
        while true {
            if let length = newline(from: searched) {
                line += 1
                let text = buffer.readSlice(length: length) ?? ByteBuffer()
                buffer.moveReaderIndex(forwardBy: 1)
                searched = 0
                if text.readableBytesView.allSatisfy({ isSpace($0) }) { continue }
                return CaptureItem(form: .json, bytes: text, line: line)
            }
            searched = buffer.readableBytes
            if searched > limit {
                try skipLine()
                throw tooLarge(line)
            }
            buffer.discardReadBytes()
            guard try more() else { return lastLine() }
        }
    }

    private func lastLine() -> CaptureItem? {
        form = .done
        line += 1
        guard let text = buffer.readSlice(length: buffer.readableBytes),
            !text.readableBytesView.allSatisfy({ isSpace($0) })
        else { return nil }
        return CaptureItem(form: .json, bytes: text, line: line)
    }

    private func skipLine() throws(CaptureProblem) {
        line += 1
        buffer.clear()
        while try more() {
            if let length = newline(from: 0) {
                buffer.moveReaderIndex(forwardBy: length + 1)
                return
            }
            buffer.clear()
        }
    }

    /// A source that fails in its midst has ended.
    private func more() throws(CaptureProblem) -> Bool {
        guard hasMore else { return false }
        hasMore = false
        hasMore = try source.read(into: &buffer)
        return hasMore
    }

    /// The length of the line that the buffer begins with; nil when it does not end there.
    private func newline(from start: Int) -> Int? {
        // unsafe: memchr reads the buffer's readable bytes and no others.
        unsafe buffer.withUnsafeReadableBytes { bytes in
            guard let base = bytes.baseAddress, start < bytes.count,
                let found = unsafe memchr(base + start, 0x0a, bytes.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }

    private func tooLarge(_ line: Int) -> CaptureProblem {
        CaptureProblem(
            file: source.name, line: line, "a request of more than \(limit >> 20) MiB; split it into smaller ones")
    }
}

/// Whether every brace and bracket of a JSON text is closed.
private func isClosed(_ text: ByteBuffer) -> Bool {
    var depth = 0
    var isString = false
    var isEscaped = false
    for byte in text.readableBytesView {
        if isString {
            if isEscaped {
                isEscaped = false
                continue
            }
            if byte == UInt8(ascii: "\\") { isEscaped = true }
            if byte == UInt8(ascii: "\"") { isString = false }
            continue
        }
        switch byte {
        case UInt8(ascii: "\""): isString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
        }
    }
    return depth <= 0 && !isString
}

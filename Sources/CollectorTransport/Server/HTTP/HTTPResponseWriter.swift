import Glibc
import NIOCore
import NIOHTTP1

/// Writes response heads; kept per connection for its `Date` text, which changes once a second.
struct HTTPResponseWriter {
    enum Connection {
        case standard, keepAlive, close
    }

    /// How the client knows where the body ends.
    enum Framing {
        case length(Int)
        case chunked, untilClose
    }

    /// Bodies up to this size are copied behind their head, to leave in one piece.
    private static let largestInline = 8 << 10

    private var dateSecond = 0
    private var date = ""

    /// The response as the buffers to send.
    mutating func write(_ answer: HTTPAnswer, connection: Connection, omitsBody: Bool) -> (ByteBuffer, ByteBuffer?) {
        let size = answer.body.readableBytes
        let inline = size <= Self.largestInline ? size : 0
        var buffer = writeHead(answer, framing: .length(size), connection: connection, room: inline)
        guard !omitsBody, size > 0 else { return (buffer, nil) }
        guard size <= Self.largestInline else { return (buffer, answer.body) }
        buffer.writeImmutableBuffer(answer.body)
        return (buffer, nil)
    }

    /// The response without its body, in a buffer with `room` bytes left.
    mutating func writeHead(_ answer: HTTPAnswer, framing: Framing, connection: Connection, room: Int = 0)
        -> ByteBuffer
    {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(256 + room)
        if answer.status == 200 {
            buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
        } else {
            let status = HTTPResponseStatus(statusCode: answer.status)
            buffer.writeString("HTTP/1.1 \(answer.status) \(status.reasonPhrase)\r\n")
        }
        for (name, value) in answer.headers {
            buffer.writeHeader(name, value)
        }
        refreshDate()
        buffer.writeStaticString("date: ")
        buffer.writeString(date)
        if answer.status != 204, answer.status != 304 {
            switch framing {
            case .length(let size):
                buffer.writeStaticString("\r\ncontent-length: ")
                buffer.writeString(String(size))
            case .chunked: buffer.writeStaticString("\r\ntransfer-encoding: chunked")
            case .untilClose: break
            }
        }
        switch connection {
        case .standard: break
        case .keepAlive: buffer.writeStaticString("\r\nconnection: keep-alive")
        case .close: buffer.writeStaticString("\r\nconnection: close")
        }
        buffer.writeStaticString("\r\n\r\n")
        return buffer
    }

    private mutating func refreshDate() {
        let now = time(nil)
        guard now != dateSecond else { return }
        dateSecond = now
        date = HTTPDate.format(secondsSince1970: now)
    }
}

extension ByteBuffer {
    /// Writes a header line. A line break within, which would start another header, becomes a space.
    fileprivate mutating func writeHeader(_ name: String, _ value: String) {
        writeString(name)
        writeStaticString(": ")
        if value.utf8.contains(where: { $0 == 0x0D || $0 == 0x0A || $0 == 0 }) {
            writeBytes(value.utf8.map { $0 == 0x0D || $0 == 0x0A || $0 == 0 ? 0x20 : $0 })
        } else {
            writeString(value)
        }
        writeStaticString("\r\n")
    }
}

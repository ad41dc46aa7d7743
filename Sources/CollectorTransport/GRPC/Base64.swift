package import NIOCore

/// Base64 as gRPC uses it for `-bin` headers: written without padding, read with or without (conformance 14).
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func encode(_ buffer: ByteBuffer) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(buffer.readableBytes / 3 * 4 + 4)
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for byte in buffer.readableBytesView {
            bits = bits << 8 | UInt32(byte)
            bitCount += 8
            while bitCount >= 6 {
                bitCount -= 6
                text.append(alphabet[Int(bits >> bitCount & 63)])
            }
        }
        if bitCount > 0 { text.append(alphabet[Int(bits << (6 - bitCount) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes; nil when `text` is not base64.
    package static func decode(_ text: String) -> ByteBuffer? {
        var bytes = text.utf8[...]
        while bytes.last == UInt8(ascii: "=") { bytes.removeLast() }
        guard bytes.count % 4 != 1 else { return nil }
        var buffer = ByteBuffer()
        buffer.reserveCapacity(bytes.count)
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for byte in bytes {
            guard let value = value(of: byte) else { return nil }
            bits = bits << 6 | value
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                buffer.writeInteger(UInt8(truncatingIfNeeded: bits >> bitCount))
            }
        }
        return buffer
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}

import CollectorCore
import NIOCore

/// One request as it stands in a capture.
struct CaptureItem {
    enum Form: Equatable {
        case json
        case protobuf
    }

    var form: Form
    var bytes: ByteBuffer
    /// Where it begins; 0 in a capture without lines.
    var line: Int

    /// The signal that a JSON request's first key names; nil for other keys and for protobuf, which does not tell.
    var namedSignal: Signal? {
        guard form == .json else { return nil }
        var rest = bytes.readableBytesView.drop { isSpace($0) }
        guard rest.first == UInt8(ascii: "{") else { return nil }
        rest = rest.dropFirst().drop { isSpace($0) }
        guard rest.first == UInt8(ascii: "\"") else { return nil }
        switch String(decoding: rest.dropFirst().prefix(24).prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self) {
        case "resourceSpans": return .traces
        case "resourceMetrics": return .metrics
        case "resourceLogs": return .logs
        default: return nil
        }
    }
}

/// White space of JSON.
func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 }

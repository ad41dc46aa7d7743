import Glibc
import OTLPMessages

/// Decodes JSON as protobuf.
func wire(_ json: [UInt8], _ kind: MessageKind = .tracesRequest, limit: Int = 1 << 20) throws -> [UInt8] {
    try wireBytes(fromJSON: json.span, kind: kind, limit: limit)
}

func wire(_ json: String, _ kind: MessageKind = .tracesRequest, limit: Int = 1 << 20) throws -> [UInt8] {
    try wire(Array(json.utf8), kind, limit: limit)
}

/// The canonical form of a message.
func canonical(_ wire: [UInt8], _ kind: MessageKind = .tracesRequest) throws -> [UInt8] {
    try canonicalWire(from: wire.span, kind: kind)
}

/// Encodes protobuf as JSON.
func text(_ wire: [UInt8], _ kind: MessageKind = .tracesRequest) throws -> String {
    String(decoding: try json(fromWire: wire.span, kind: kind), as: UTF8.self)
}

/// What JSON becomes when it is read and written again.
func roundTrip(_ json: String, _ kind: MessageKind = .tracesRequest) throws -> String {
    try text(try wire(json, kind), kind)
}

/// A traces request with one span of these members.
func span(_ members: String) -> String {
    #"{"resourceSpans":[{"scopeSpans":[{"spans":[{\#(members)}]}]}]}"#
}

/// A traces request with one span with one attribute `k` of this value.
func attribute(_ value: String) -> String {
    span(#""attributes":[{"key":"k","value":\#(value)}]"#)
}

/// A metrics request with one gauge point of these members.
func point(_ members: String) -> String {
    #"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{\#(members)}]}}]}]}]}"#
}

/// The error decoding ends in; nil when it succeeds.
func problem(_ json: String, _ kind: MessageKind = .tracesRequest, limit: Int = 1 << 20) -> JSONDecodingError? {
    do {
        _ = try wireBytes(fromJSON: Array(json.utf8).span, kind: kind, limit: limit)
        return nil
    } catch {
        return error
    }
}

/// Bytes from hexadecimal digits; spaces are for the eye.
func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.utf8.filter { $0 != UInt8(ascii: " ") }
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
        UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
    }
}

struct UnreadableFile: Error {
    let path: String
}

/// A file of Tests/Golden.
func golden(_ name: String, file: String = #filePath) throws -> [UInt8] {
    let tests = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
    let path = "\(tests)/Golden/\(name)"
    // C file access: the stream is closed before the function returns, the buffer belongs to it.
    guard let stream = unsafe fopen(path, "rb") else { throw UnreadableFile(path: path) }
    defer { unsafe fclose(stream) }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = unsafe fread(&buffer, 1, buffer.count, stream)
        if count == 0 { return content }
        content += buffer[..<count]
    }
}

/// A small seeded generator (SplitMix64), so that a failure repeats.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Encodes protobuf as JSON with little memory.
func limitedText(_ wire: [UInt8], memoryLimit: Int) throws -> String {
    String(decoding: try json(fromWire: wire.span, kind: .tracesRequest, memoryLimit: memoryLimit), as: UTF8.self)
}

/// A message as debug text.
func debug(_ wire: [UInt8], _ kind: MessageKind = .tracesRequest) throws -> String {
    String(decoding: try debugText(fromWire: wire.span, kind: kind), as: UTF8.self)
}

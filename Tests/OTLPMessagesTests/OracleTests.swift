import OTLPMessages
import Testing

/// Random messages in shapes no library writes, with what Python's protobuf makes of them
/// (`Tests/Golden/otlp-json/generate.py`).
struct OracleTests {
    struct Case {
        let kind: MessageKind
        let wire: [UInt8]
        let canonical: [UInt8]
        let json: String
    }

    private static func cases() throws -> [Case] {
        let lines = try golden("otlp-json/cases.txt").split(separator: UInt8(ascii: "\n"))
            .map { String(decoding: $0, as: UTF8.self) }
        let kinds = ["traces": MessageKind.tracesRequest, "metrics": .metricsRequest, "logs": .logsRequest]
        return try stride(from: 0, to: lines.count - 3, by: 4).map { start in
            Case(
                kind: try #require(kinds[lines[start]]), wire: bytes(lines[start + 1]),
                canonical: bytes(lines[start + 2]), json: lines[start + 3])
        }
    }

    @Test("62: the canonical form merges, orders and packs as Python's protobuf does")
    func canonicalForm() throws {
        let cases = try Self.cases()
        #expect(cases.count >= 60)
        for item in cases {
            let rewritten = try canonical(item.wire, item.kind)
            #expect(rewritten == item.canonical)
            let again = try canonical(rewritten, item.kind)
            #expect(again == rewritten)
        }
    }

    @Test("60: JSON is what Python's protobuf writes, with OTLP's ids, from any shape of the message")
    func toJSON() throws {
        for item in try Self.cases() {
            let json = try text(item.wire, item.kind)
            #expect(json == item.json)
        }
    }

    @Test("60: what Python's protobuf writes as JSON is read as the same message")
    func fromJSON() throws {
        for item in try Self.cases() {
            let decoded = try wire(item.json, item.kind)
            #expect(decoded == item.canonical)
        }
    }
}

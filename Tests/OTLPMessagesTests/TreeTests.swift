import OTLPMessages
import Testing

/// Messages as bytes that are odd, broken or meant to exhaust memory.
struct TreeTests {
    @Test("62: two occurrences of a message merge, scalars and all")
    func mergesOccurrences() throws {
        // Resource twice: {droppedAttributesCount: 7}, then {attributes: [{key: "a"}]}.
        let twice = bytes("0a0b 0a02 1007 0a05 0a03 0a0161")
        #expect(
            try text(twice)
                == #"{"resourceSpans":[{"resource":{"attributes":[{"key":"a"}],"droppedAttributesCount":7}}]}"#)
        #expect(try canonical(twice) == bytes("0a09 0a07 0a03 0a0161 1007"))
    }

    @Test("62: an empty value given twice is an empty value")
    func mergesEmptyValues() throws {
        let message = bytes("0a0a 0a08 0a06 1200 1200 1200")
        #expect(try text(message) == #"{"resourceSpans":[{"resource":{"attributes":[{"value":{}}]}}]}"#)
    }

    @Test("62: the last member of a oneof wins, the same list twice merges")
    func mergesOneofs() throws {
        func value(_ hex: String) throws -> String {
            let content = bytes(hex)
            let sizes = [content.count + 2, content.count + 4, content.count + 6].map { UInt8($0) }
            let head = [0x0A, sizes[2], 0x0A, sizes[1], 0x0A, sizes[0], 0x12, UInt8(content.count)]
            let whole = try text(head + content)
            return String(whole.dropFirst(#"{"resourceSpans":[{"resource":{"attributes":[{"value":"#.count).dropLast(6))
        }
        #expect(try value("0a0178 1802") == #"{"intValue":"2"}"#)
        #expect(try value("1802 0a00") == #"{"stringValue":""}"#)
        // Lists [1] and [2]; with another member between them only the second counts.
        #expect(
            try value("2a04 0a021801 2a04 0a021802")
                == #"{"arrayValue":{"values":[{"intValue":"1"},{"intValue":"2"}]}}"#)
        #expect(try value("2a04 0a021801 1001 2a04 0a021802") == #"{"arrayValue":{"values":[{"intValue":"2"}]}}"#)
    }

    @Test("61: unknown fields stay in canonical form, groups too, and do not show in JSON")
    func unknownFields() throws {
        // Field 100 as a varint, field 101 as a group with a field inside, then resource_spans.
        let message = bytes("a00601 ab06 0801 ac06 0a02 1a00")
        #expect(try canonical(message) == bytes("0a02 1a00 a00601 ab06 0801 ac06"))
        #expect(try text(message) == #"{"resourceSpans":[{}]}"#)
    }

    @Test("a message that is canonical stays as it is")
    func canonicalStays() throws {
        let message = try golden("otlp-examples/metrics.pb")
        let once = try canonical(message, .metricsRequest)
        #expect(try canonical(once, .metricsRequest) == once)
        #expect(try canonical([]) == [])
    }

    @Test(
        "broken framing is an error that names message and offset",
        arguments: [
            // Field 0, a wire type of 6, a cut varint, a length past the end, a wrong wire type, an unopened group's
            // end.
            ("00", 0), ("0e", 0), ("0a01 12", 2), ("0a05", 0), ("0801", 0), ("0c", 0), ("0a02 0801", 2),
            // A group without its end, and one that ends as another.
            ("ab06 0801", 0), ("ab06 b406", 0),
        ])
    func brokenFraming(hex: String, offset: Int) {
        for read in [{ _ = try text($0) }, { _ = try canonical($0) }] as [([UInt8]) throws -> Void] {
            let error = #expect(throws: WireMessageError.self) { try read(bytes(hex)) }
            guard case .malformed(_, offset) = error else {
                Issue.record("\(String(describing: error)) instead of malformed at \(offset)")
                return
            }
        }
    }

    @Test("a packed field that ends inside an element is an error")
    func brokenPacked() {
        // ResourceMetrics, ScopeMetrics, Metric, Histogram, point: explicit_bounds of 7 bytes.
        let message = bytes("0a13 1211 120f 4a0d 0a0b 3a07 00000000000000 2000")
        #expect(throws: WireMessageError.self) { try text(message, .metricsRequest) }
    }

    @Test("messages inside each other beyond the limit are too deep")
    func tooDeep() {
        // A log body of lists in lists, from the inside out.
        var message = bytes("0801")
        for _ in 0..<200 {
            for tag: UInt8 in [0x0A, 0x2A] { message = [tag] + varint(message.count) + message }
        }
        for tag: UInt8 in [0x2A, 0x12, 0x12, 0x0A] { message = [tag] + varint(message.count) + message }
        #expect(throws: WireMessageError.tooDeep) { try text(message, .logsRequest) }
        #expect(throws: WireMessageError.tooDeep) { try canonical(message, .logsRequest) }
    }

    @Test("a message whose tree would take too much memory is refused, and the next one is read")
    func memoryLimit() throws {
        // 100 000 empty spans: 200 kB as bytes, over 20 MB as a tree.
        let spans = [UInt8](repeating: 0, count: 200_000).indices.map { $0 % 2 == 0 ? UInt8(0x12) : 0 }
        let scope = [0x12] + varint(spans.count) + spans
        let message = [0x0A] + varint(scope.count) + scope
        #expect(throws: WireMessageError.outOfMemory(limit: 1 << 20)) {
            try limitedText(message, memoryLimit: 1 << 20)
        }
        #expect(try limitedText(message, memoryLimit: 1 << 26).hasSuffix("{},{}]}]}]}"))
    }

    @Test("mutated messages are refused or read, and what canonical form makes of them means the same")
    func mutation() throws {
        var random = SeededGenerator(seed: 61)
        var read = 0
        for (name, kind) in [
            ("trace", MessageKind.tracesRequest), ("metrics", .metricsRequest), ("logs", .logsRequest),
        ] {
            let original = try golden("otlp-examples/\(name).pb")
            for _ in 0..<3000 {
                var message = original
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    let position = Int.random(in: 0..<message.count, using: &random)
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0: message[position] = UInt8.random(in: 0...255, using: &random)
                    case 1: message.remove(at: position)
                    default:
                        let end = min(message.count, position + Int.random(in: 1...20, using: &random))
                        message.insert(contentsOf: message[position..<end], at: position)
                    }
                }
                guard let shown = try? text(message, kind) else { continue }
                read += 1
                let rewritten = try canonical(message, kind)
                let again = try canonical(rewritten, kind)
                #expect(again == rewritten)
                let shownAgain = try text(rewritten, kind)
                #expect(shownAgain == shown)
                _ = try debug(message, kind)
            }
        }
        #expect(read > 1000)
    }

    private func varint(_ value: Int) -> [UInt8] {
        value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
    }
}

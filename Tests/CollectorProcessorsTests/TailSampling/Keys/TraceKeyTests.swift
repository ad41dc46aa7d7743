import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: keys of traces")
struct TraceKeyTests {
    private struct Keys {
        let tables: TraceKeyTables
        let places: [Int]

        init(_ lists: [TraceKeyPart]...) {
            var builder = PolicyBuilder()
            places = lists.map { builder.key($0).place }
            tables = SpanFacts(builder).keyTables
        }

        func of(_ request: [UInt8]) throws -> [TraceKeys] {
            let index = try indexed(request)
            let keys = tables.keys(request.span, index, now: 0)
            return index.spans.indices.map {
                keys.keys(of: $0, resource: Int(index.scopes[Int(index.spans[$0].scope)].parent))
            }
        }

        func values(_ request: [UInt8], at list: Int = 0) throws -> [[String]?] {
            try of(request).map { tables.values($0[places[list]], at: places[list]) }
        }
    }

    private static func child(_ spanID: UInt64, name: String = "child", start: UInt64 = 10) -> TestSpan {
        var span = TestSpan(.test(1), spanID: spanID, name: name, start: start)
        span.parentSpanID = 99
        return span
    }

    @Test("Attributes are the root span's, else its resource's; spans with a parent have the resource's alone")
    func values() throws {
        let keys = Keys(TraceKeyPart.usual, [.attribute("tenant"), .attribute("code")])
        let request = tracesRequest(
            resource: ["service.name": "shop", "tenant": "acme", "code": 7],
            [
                TestSpan(.test(1), name: "GET /", attributes: ["tenant": "blue", "service.name": "mine"]),
                Self.child(2), TestSpan(.test(3), spanID: 3, name: "PUT /", attributes: ["code": true]),
            ])
        #expect(try keys.values(request) == [["shop", "GET /"], ["shop", ""], ["shop", "PUT /"]])
        #expect(try keys.values(request, at: 1) == [["blue", "7"], ["acme", "7"], ["acme", "true"]])
        let service = try keys.of(request).map { $0[TraceKeys.service] }
        #expect(Set(service).count == 1)
        #expect(keys.tables.values(service[0], at: TraceKeys.service) == ["shop"])
    }

    @Test("Without a policy that asks for more, the service is known and nothing is kept for each span")
    func serviceAlone() throws {
        let keys = Keys([.serviceName])
        #expect(keys.places == [TraceKeys.service])
        let request =
            tracesRequest(resource: ["service.name": "a"], [TestSpan(.test(1))])
            + tracesRequest(resource: [:], [TestSpan(.test(2))])
        #expect(try keys.values(request) == [["a"], [""]])
    }

    @Test("Long values are cut between two characters; equal beginnings are one key")
    func longValues() throws {
        let keys = Keys([.rootSpanName])
        let long = String(repeating: "é", count: 127) + "x"
        let request = tracesRequest([
            TestSpan(.test(1), name: long + "éA"), TestSpan(.test(2), name: long + "éB"),
            TestSpan(.test(3), name: long),
        ])
        let found = try keys.values(request)
        #expect(found == [[long], [long], [long]])
        #expect(Set(try keys.of(request).map { $0[keys.places[0]] }).count == 1)
    }

    @Test("Ten thousand names are told apart; more share one number")
    func manyKeys() throws {
        let keys = Keys([.rootSpanName])
        let spans = (0..<12_000).map { TestSpan(.test(UInt64($0)), name: "name \($0)") }
        let ids = try keys.of(tracesRequest(spans)).map { $0[keys.places[0]] }
        // One of the ten thousand is the key of traces without a root.
        #expect(Set(ids).count == TraceKeyTable.capacity)
        #expect(ids.count { $0 == TraceKeyID.other.rawValue } == 2001)
    }

    @Test("A trace's key does not depend on the order in which its spans arrive")
    func anyOrder() throws {
        let keys = Keys(TraceKeyPart.usual)
        var random = SystemRandomNumberGenerator()
        for round in 0..<300 {
            let spans = (0..<Int.random(in: 1...5)).map { number -> TestSpan in
                let start: UInt64 = [1, 1, 2, .max - 100_000_000].randomElement() ?? 1
                let spanID: UInt64 = Bool.random() ? UInt64(number) + 1 : .max - UInt64(number)
                var span = TestSpan(.test(1), spanID: spanID, name: "span \(number)", start: start)
                if Int.random(in: 0..<3) > 0 { span.parentSpanID = 7 }
                return span
            }
            // Each span comes from a service of its own, as a request of its own.
            let requests = spans.enumerated().map { tracesRequest(resource: ["service.name": .string("s\($0)")], [$1]) }
            // The keys have their numbers before, as in a collector that has run for a while.
            for request in requests { _ = try keys.of(request) }
            var found: Set<[UInt32]> = []
            for _ in 0..<6 {
                var features = TraceFeatures(traceID: .test(1))
                for request in requests.shuffled(using: &random) {
                    let index = try indexed(request)
                    features.note(index.spans[0], request.span, MatchSet(), try keys.of(request)[0])
                }
                found.insert([features.keys[0], features.keys[1]])
            }
            #expect(found.count == 1, "round \(round): \(spans)")
            // It is the key of the earliest root, or of the earliest span.
            let candidates = spans.contains { $0.parentSpanID == 0 } ? spans.filter { $0.parentSpanID == 0 } : spans
            let first = try #require(candidates.min { ($0.start, $0.spanID) < ($1.start, $1.spanID) })
            let values = found.first.flatMap { keys.tables.values($0[1], at: keys.places[0]) }
            #expect(values?.last == (first.parentSpanID == 0 ? first.name : ""))
        }
    }
}

/// The index of a request's spans.
func indexed(_ request: [UInt8]) throws -> TraceIndex {
    guard case .traces(let index) = try validateTraces(request.span).index else { return TraceIndex() }
    return index
}

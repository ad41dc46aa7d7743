import CollectorCore
import CollectorTestKit
import CollectorTransport
import NIOCore
import NIOPosix
import Testing

@testable import CollectorExporters

@Suite("prometheus, in operation")
struct PrometheusServerTests {
    @Test("scrapes are whole and valid while points keep arriving (conformance 179, 180)")
    func concurrency() async throws {
        let harness = PrometheusHarness()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<2 {
                group.addTask {
                    for round in 0..<60 {
                        let points = (0..<20).map { number in
                            TestHistogramPoint(
                                attributes: ["n": .int(Int64(number * 3 + round))], bounds: [1, 2],
                                counts: [1, UInt64(round), 2], sum: 4,
                                time: 1_700_000_000_000_000_000 + UInt64(round))
                        }
                        try harness.send(
                            resource: ["service.instance.id": .int(Int64(writer))], TestMetric("h", .histogram(points)))
                        if round % 20 == 10 {
                            harness.context.clock.advance(by: .seconds(400))
                            harness.exporter.sweep()
                        }
                    }
                }
            }
            for _ in 0..<2 {
                group.addTask {
                    for _ in 0..<40 { _ = try harness.scrape() }
                }
            }
            try await group.waitForAll()
        }
        #expect(harness.context.account.imbalance == nil)
        #expect(try !harness.scrape().families.isEmpty)
    }

    @Test("a started exporter answers on its port and gives it back (conformance 199)")
    func server() async throws {
        let harness = PrometheusHarness { $0.endpoint = "127.0.0.1:0" }
        try harness.send(TestMetric("m", .gauge([TestNumberPoint(value: 1)])))
        try await harness.exporter.start()
        let port = try #require(harness.exporter.port)
        let answer = try await request(port, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        #expect(answer.contains("\r\n\r\n# HELP target_info"))
        #expect(answer.contains("\nm{job=\"shop\""))
        let head = try await request(port, "HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(head.hasPrefix("HTTP/1.1 200") && head.hasSuffix("\r\n\r\n"))
        let other = try await request(port, "GET /other HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(other.hasPrefix("HTTP/1.1 404"))
        let deadline = harness.context.clock.now() + 5_000_000_000
        await harness.exporter.shutdown(deadline: deadline)
        await harness.exporter.shutdown(deadline: deadline)
        await #expect(throws: (any Error).self) { try await request(port, "GET /metrics HTTP/1.1\r\n\r\n") }
    }

    @Test("a scrape too large for one piece is whole on the wire, compressed as well")
    func largeScrape() async throws {
        let harness = PrometheusHarness { $0.endpoint = "127.0.0.1:0" }
        for resource in 0..<3 {
            let points = (0..<300).map { number in
                TestHistogramPoint(
                    attributes: ["route": .string("/api/v1/items/\(number)"), "host": "a-host.example.com"],
                    bounds: (1...14).map(Double.init), counts: (0...14).map { UInt64($0 * number) }, sum: 12.5)
            }
            try harness.send(
                resource: ["service.name": "shop", "service.instance.id": .int(Int64(resource))],
                TestMetric("h", .histogram(points)))
        }
        let expected = String(decoding: harness.scrapeText(openMetrics: false), as: UTF8.self)
        #expect(expected.utf8.count > 1 << 20)
        let compressed = harness.answer(encoding: "gzip").body
        #expect(String(buffer: try Inflater.inflate(compressed, format: .gzip, limit: 1 << 24)) == expected)

        try await harness.exporter.start()
        let port = try #require(harness.exporter.port)
        let answer = try await request(port, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(answer.contains("\r\ntransfer-encoding: chunked\r\n"))
        let head = try #require(answer.firstRange(of: "\r\n\r\n"))
        let chunks = Self.chunks(String(answer[head.upperBound...]))
        #expect(chunks.count > 2)
        #expect(chunks.joined() == expected)
        let bare = try await request(port, "GET /metrics HTTP/1.0\r\n\r\n")
        #expect(bare.hasSuffix("\r\n\r\n" + expected))
        await harness.exporter.shutdown(deadline: harness.context.clock.now() + 5_000_000_000)
    }

    /// The contents of a chunked body's chunks.
    private static func chunks(_ body: String) -> [String] {
        var rest = Substring(body).utf8
        var chunks: [String] = []
        while let end = rest.firstIndex(of: UInt8(ascii: "\r")), let size = Int(String(rest[..<end]) ?? "", radix: 16),
            size > 0
        {
            let content = rest[end...].dropFirst(2)
            chunks.append(String(content.prefix(size)) ?? "")
            rest = content.dropFirst(size + 2)
        }
        return chunks
    }

    @Test("a port in use is an error that says so")
    func portInUse() async throws {
        let first = PrometheusHarness { $0.endpoint = "127.0.0.1:0" }
        try await first.exporter.start()
        let port = try #require(first.exporter.port)
        let second = PrometheusHarness { $0.endpoint = "127.0.0.1:\(port)" }
        let error = await #expect(throws: ComponentError.self) { try await second.exporter.start() }
        #expect(error?.description.contains("127.0.0.1:\(port)") == true)
        await first.exporter.shutdown(deadline: 0)
        await second.exporter.shutdown(deadline: 0)
    }

    /// Sends bytes and reads until the other side closes.
    private func request(_ port: Int, _ text: String) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            var answer = ""
            for try await part in inbound { answer += String(buffer: part) }
            return answer
        }
    }
}

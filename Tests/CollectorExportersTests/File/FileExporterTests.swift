import CollectorCore
import CollectorTestKit
import Glibc
import Testing

@testable import CollectorExporters

/// A file exporter with books that writes into a directory of its own.
final class FileExporterFixture {
    let test = TestContext()
    let directory: String
    var path: String { "\(directory)/out.jsonl" }

    init() throws {
        // The template is a private copy that mkdtemp edits in place.
        var template = Array("/tmp/needletail-file-XXXXXX".utf8CString)
        let made = unsafe mkdtemp(&template) != nil
        try #require(made)
        directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        // Failures leave rubbish in /tmp and nothing else.
        unsafe unlink(path)
        unsafe rmdir(directory)
    }

    func exporter(
        _ signal: Signal = .traces, appends: Bool = false, id: ComponentID = ComponentID(type: "file")
    ) throws -> any ConsumingComponent {
        let factory = FileExporterFactory()
        let (config, problems) = factory.read(["path": .text(path), "append": .scalar("\(appends)")])
        try #require(problems.isEmpty)
        return try factory.make(config, test.context(id), signal: signal)
    }

    /// The lines of the file.
    var lines: [String] { Self.lines(path) }

    static func lines(_ path: String) -> [String] {
        // unsafe: open(2) takes a C string, made for the call.
        let descriptor = unsafe open(path, O_RDONLY)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            // unsafe: read(2) takes a pointer and a size; both are those of the array, which lives across the call.
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            contents += chunk[..<count]
        }
        return String(decoding: contents, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// The span ids in the file.
    static func spanIDs(_ path: String) -> [UInt64] {
        lines(path).flatMap { line in
            line.components(after: "\"spanId\":\"").compactMap { UInt64($0.prefix(16), radix: 16) }
        }
    }
}

extension String {
    /// What follows each occurrence of `mark`.
    fileprivate func components(after mark: String) -> [Substring] {
        indices.filter { self[$0...].hasPrefix(mark) }.map { self[index($0, offsetBy: mark.count)...] }
    }
}

@Suite struct FileExporterTests {
    @Test func `each request is one line of OTLP JSON`() async throws {
        let fixture = try FileExporterFixture()
        let exporter = try fixture.exporter()
        try await exporter.start()
        let head = AccountedPipeline(fixture.test.account, head: exporter)
        try head.send(.merged(1...2, 3...3))
        await exporter.shutdown(deadline: 0)
        #expect(fixture.lines.count == 2)
        #expect(fixture.lines.allSatisfy { $0.hasPrefix("{\"resourceSpans\":[{") && $0.hasSuffix("}") })
        #expect(FileExporterFixture.spanIDs(fixture.path) == [1, 2, 3])
        #expect(fixture.test.account.statement().forwarded == 3)
        #expect(fixture.test.account.imbalance == nil)
    }

    @Test func `a shutdown of one signal leaves the file to the others`() async throws {
        let fixture = try FileExporterFixture()
        let (traces, logs) = (try fixture.exporter(), try fixture.exporter(.logs))
        try await traces.start()
        try await logs.start()
        await traces.shutdown(deadline: 0)
        await traces.shutdown(deadline: 0)
        _ = try logs.consume(Batch(signal: .logs, requests: logsRequest(["hello"])))
        await logs.shutdown(deadline: 0)
        #expect(fixture.lines.count == 1)
        #expect(fixture.lines.first?.contains("hello") == true)
    }

    @Test(arguments: [(true, 2), (false, 1)])
    func `append continues a file, otherwise it begins anew`(_ appends: Bool, _ lines: Int) async throws {
        let fixture = try FileExporterFixture()
        for run in ["first", "second"] {
            let exporter = try fixture.exporter(appends: appends, id: ComponentID(type: "file", name: run))
            try await exporter.start()
            _ = try exporter.consume(.numbered(1...1))
            await exporter.shutdown(deadline: 0)
        }
        #expect(fixture.lines.count == lines)
    }

    @Test func `a path that cannot be written stops the start and is named`() async throws {
        let factory = FileExporterFactory()
        let exporter = try factory.make(
            factory.read(["path": "/nowhere/at/all"]).config, TestContext().context(ComponentID(type: "file")),
            signal: .traces)
        let error = await #expect(throws: ComponentError.self) { try await exporter.start() }
        #expect(error?.description.contains("/nowhere/at/all") == true)
        await exporter.shutdown(deadline: 0)
    }

    @Test func `what cannot be written is counted as dropped`() async throws {
        let fixture = try FileExporterFixture()
        let exporter = try fixture.exporter()
        try AccountedPipeline(fixture.test.account, head: exporter).send(.numbered(1...2))
        await exporter.shutdown(deadline: 0)
        #expect(fixture.test.account.droppedCount(by: "file") == 2)
        #expect(fixture.test.account.imbalance == nil)
    }

    @Test func `every item is in the file once`() async throws {
        let fixture = try FileExporterFixture()
        let (exporter, path) = (try fixture.exporter(), fixture.path)
        let subject = ContractSubject(
            component: exporter, entry: AccountedHead(fixture.test.account, head: exporter), clock: fixture.test.clock,
            accounts: [fixture.test.account]
        ) { [FileExporterFixture.spanIDs(path)] }
        #expect(try await DeliveryContract(seed: 1, loss: .poison { _ in false }).violations(of: subject) == [])
        withExtendedLifetime(fixture) {}
    }

    @Test func `mistakes are found before the file is touched`() {
        let factory = FileExporterFactory()
        #expect(factory.read([:]).problems.count == 1)
        #expect(factory.read(["path": "a", "format": "proto"]).problems.first?.contains("`json`") == true)
        #expect(factory.read(["path": "a", "appnd": true]).problems.first?.contains("`append`") == true)
        #expect(factory.read(["path": "a", "rotation": [:]]).problems.count == 1)
    }
}

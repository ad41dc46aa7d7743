import CollectorTestKit
import NIOCore
import OTLPMessages
import OTLPWire
import Testing

@testable import CollectorService

@Suite struct CaptureTests {
    @Test func `lines of JSON are requests that arrive at the latest end of their spans`() throws {
        let files = try ConfigFiles([
            "a.jsonl": try line(span(1, endingAt: 2), span(2, endingAt: 1)) + "\n  \n" + line(span(3, endingAt: 3.5))
        ])
        let read = ReadCaptures(files, "a.jsonl")
        #expect(read.requests == ["[1, 2] at 2.0", "[3] at 3.5"])
        #expect(read.problems == [])
        #expect(read.counts == CaptureCounts(files: 1, requests: 2))
    }

    @Test func `a last line without an end counts`() throws {
        let files = try ConfigFiles(["a": String(try line(span(1, endingAt: 1)).dropLast())])
        #expect(ReadCaptures(files, "a").requests == ["[1] at 1.0"])
    }

    @Test func `a request written over several lines is one request`() throws {
        let pretty = try line(span(1, endingAt: 1), span(2, endingAt: 1)).replacing(",", with: ",\n  ")
            .replacing("{", with: "{\n")
        let files = try ConfigFiles(["a.json": "\n" + pretty])
        let read = ReadCaptures(files, "a.json")
        #expect(read.requests == ["[1, 2] at 1.0"])
        #expect(read.problems == [])
    }

    @Test(arguments: ["a.pb", "a.bin", "request"])
    func `a protobuf request is known by its name or its first bytes`(name: String) throws {
        let files = try ConfigFiles()
        try files.write(tracesRequest([span(4, endingAt: 2)]), to: name)
        #expect(ReadCaptures(files, name).requests == ["[4] at 2.0"])
    }

    @Test(arguments: ["\n", "\n\nnonsense\n", "{nonsense}\n", "[1]\n", "{]\n"])
    func `text that begins oddly is text all the same`(start: String) throws {
        let files = try ConfigFiles(["a": start + (try line(span(1, endingAt: 1)))])
        #expect(ReadCaptures(files, "a").requests == ["[1] at 1.0"])
    }

    @Test func `every form may be gzipped, in several members too`() throws {
        let files = try ConfigFiles()
        try files.write(gzip(try line(span(1, endingAt: 1))) + gzip(try line(span(2, endingAt: 2))), to: "a.jsonl.gz")
        #expect(ReadCaptures(files, "a.jsonl.gz").requests == ["[1] at 1.0", "[2] at 2.0"])
    }

    @Test func `cut off gzip gives what it has and says so`() throws {
        let files = try ConfigFiles()
        let whole = try gzip(try line(span(1, endingAt: 1)) + line(span(2, endingAt: 2)))
        try files.write(Array(whole.dropLast(4)), to: "a.gz")
        let read = ReadCaptures(files, "a.gz")
        #expect(read.requests.first == "[1] at 1.0")
        #expect(read.problems.count == 1)
        #expect(read.problems.first?.hasPrefix("a.gz: cannot inflate: ") == true)
    }

    @Test func `other signals are counted and hostile lines are reported with their place`() throws {
        let good = try line(span(1, endingAt: 1))
        let invalid = good.replacing("\"traceId\":\"", with: "\"traceId\":\"zz")
        let zero = try line(TestSpan(TraceID(high: 0, low: 0)))
        let files = try ConfigFiles([
            "a": "{\"resourceMetrics\":[]}\n{ \"resourceLogs\" : []}\n" + good + "nonsense\n" + invalid
                + "{\"resourceSpans\":[{]\n[]\n" + zero + "{\"resourceSpans\":[]}\n{}\n" + good
        ])
        let read = ReadCaptures(files, "a")
        #expect(read.requests == ["[1] at 1.0", "[1] at 1.0"])
        #expect(
            read.problems.map { String($0.prefix(8)) } == [
                "a:4: no ", "a:5: no ", "a:6: no ", "a:7: no ", "a:8: a s",
            ])
        #expect(
            read.counts
                == CaptureCounts(files: 1, requests: 2, metricsRequests: 1, logsRequests: 1, unreadable: 5))
    }

    @Test func `a first line that is cut off costs only itself`() throws {
        let good = try line(span(1, endingAt: 1))
        let files = try ConfigFiles(["a": good.prefix(40) + "\n" + good])
        let read = ReadCaptures(files, "a")
        #expect(read.requests == ["[1] at 1.0"])
        #expect(read.problems.count == 1)
    }

    @Test func `a line that is too long is reported and passed over`() throws {
        let good = try line(span(1, endingAt: 1))
        let long = String(repeating: "x", count: 3 << 20) + "\n"
        let files = try ConfigFiles(["a": good + long + good])
        let framing = CaptureFraming(try CaptureBytes(path: files.path("a")), limit: 1 << 20)
        #expect(try framing.next()?.line == 1)
        #expect(throws: CaptureProblem.self) { try framing.next() }
        #expect(try framing.next()?.line == 3)
        #expect(try framing.next() == nil)
    }

    @Test func `files that cannot be read are reported and the others are used`() throws {
        let files = try ConfigFiles(["a": try line(span(1, endingAt: 1)), "empty": ""])
        let read = ReadCaptures(files, "missing", "a", "empty", "")
        #expect(read.requests == ["[1] at 1.0"])
        #expect(read.problems.first == "missing: cannot read: No such file or directory")
        #expect(read.counts.unreadable == 2)
    }

    @Test func `large requests are not read far ahead, but as far as it takes to know the time`() throws {
        let filler = String(repeating: "x", count: 6 << 20)
        let files = try ConfigFiles([
            "a": try [0, 1, 7200, 7201, 7202, 7203].map { (end: Double) in
                try line(TestSpan(.test(1), name: filler, start: captureStart + UInt64(end) * second, duration: .zero))
            }.joined()
        ])
        let file = try CaptureFile(path: files.path("a"), log: CaptureLog { _ in })
        var times: [UInt64] = []
        while let request = file.next() {
            times.append((request.time - captureStart) / second)
            // Four requests of 6 MiB are known; the file is read in pieces.
            if times.count == 1 { #expect(file.progress.read < 28 << 20) }
        }
        #expect(times == [0, 1, 7200, 7201, 7202, 7203])
    }

    @Test func `several captures are merged by time`() throws {
        let files = try ConfigFiles([
            "a": try line(span(1, endingAt: 1)) + line(span(3, endingAt: 3)) + line(span(5, endingAt: 5)),
            "b": try line(span(2, endingAt: 2)) + line(span(4, endingAt: 3)),
        ])
        #expect(
            ReadCaptures(files, "a", "b").requests == [
                "[1] at 1.0", "[2] at 2.0", "[3] at 3.0", "[4] at 3.0", "[5] at 5.0",
            ])
    }

    @Test func `a shape that merging would change is read like its canonical form`() throws {
        // The resource behind its scopes.
        let span = span(7, endingAt: 1)
        let message = ProtobufMessage { request in
            request.message(1) { group in
                group.message(2) { $0.bytes(2, span.encoded) }
                group.message(1) { $0.attributes(1, ["service.name": "shop"]) }
            }
        }
        let files = try ConfigFiles()
        try files.write(message.bytes, to: "a.pb")
        #expect(ReadCaptures(files, "a.pb").requests == ["[7] at 1.0"])
    }
}

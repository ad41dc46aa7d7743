import CollectorCore
import CollectorTestKit
import CollectorTransport
import NIOCore
import OTLPMessages
import OTLPWire
import Testing

@testable import CollectorService

/// When captures of tests begin, in nanoseconds since 1970.
let captureStart: UInt64 = 1_700_000_000_000_000_000

let second: UInt64 = 1_000_000_000

/// A span that ends so many seconds after `captureStart`.
func span(
    _ trace: UInt64, endingAt seconds: Double, lasting duration: Duration = .milliseconds(10), error: Bool = false,
    id: UInt64 = 1
) -> TestSpan {
    let end = captureStart + UInt64(seconds * 1e9)
    return TestSpan(
        .test(trace), spanID: id, start: end - duration.nanoseconds, duration: duration, statusCode: error ? 2 : nil)
}

/// One line of a capture, as the `file` exporter writes it.
func line(_ spans: TestSpan...) throws -> String {
    let bytes = tracesRequest(spans)
    return String(decoding: try json(fromWire: bytes.span, kind: .tracesRequest), as: UTF8.self) + "\n"
}

func gzip(_ text: String) throws -> [UInt8] {
    let compressed = try #require(Deflater.gzip([ByteBuffer(string: text)]))
    return Array(compressed.readableBytesView)
}

/// Captures read to their end.
struct ReadCaptures {
    /// The traces of each request, by the numbers of `span`, and its arrival in seconds after `captureStart`.
    var requests: [String] = []
    var problems: [String] = []
    var counts = CaptureCounts()

    init(_ files: ConfigFiles, _ names: String...) {
        var problems: [String] = []
        let log = CaptureLog { problems.append("\($0)".replacing(files.directory + "/", with: "")) }
        let merge = CaptureMerge(paths: names.map(files.path), log: log)
        while let request = merge.next() {
            let traces = request.batch.traceIDs.compactMap { id in (0..<100).first { TraceID.test($0) == id } }
            let time = Double(Int64(bitPattern: request.time &- captureStart)) / 1e9
            requests.append("\(traces.sorted()) at \(time)")
        }
        self.problems = problems
        counts = log.counts
    }
}

// What the prometheus exporter costs per point taken and per line scraped. Prints one line per measurement; the ratio
// of a scrape to `gzip -1` over the same text does not depend on the machine. With a number as argument, it says instead
// what so many histogram series of 15 buckets take: memory, and how long a scrape is.

import CollectorCore
import CollectorExporters
import CollectorTestKit
import CollectorTransport
import Glibc
import NIOCore

/// The processor time of this process.
func processorTime() -> Duration {
    var time = timespec()
    // unsafe: clock_gettime takes a pointer; `time` lives across the call.
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

func cost(_ operation: () throws -> Void) rethrows -> Duration {
    let start = processorTime()
    try operation()
    return processorTime() - start
}

func best(_ rounds: Int, _ operation: () throws -> Void) rethrows -> Duration {
    var best = Duration.seconds(1_000)
    for _ in 0..<rounds { best = min(best, try cost(operation)) }
    return best
}

func nanoseconds(_ duration: Duration, per count: Int) -> Int {
    Int(duration / .nanoseconds(1) / Double(max(1, count)))
}

func makeExporter(_ context: TestContext) throws -> any ConsumingComponent {
    let factory = PrometheusFactory()
    let (config, problems) = factory.read(["endpoint": "localhost:0", "enable_open_metrics": true])
    for problem in problems { print(problem) }
    return try factory.make(config, context.context(ComponentID(type: "prometheus")), signal: .metrics)
}

let attributes = { (number: Int) -> TestAttributes in
    ["http.request.method": "GET", "http.route": .string("/api/v1/items/\(number)"), "http.response.status_code": 200]
}

/// `count` series, twenty to a metric.
func request(_ count: Int, _ data: ([Int]) -> TestMetric.Data) -> [UInt8] {
    let metrics = stride(from: 0, to: count, by: 20).map { first in
        TestMetric("http.server.metric.\(first)", unit: "s", data(Array(first..<first + 20)))
    }
    return metricsRequest(
        resource: ["service.name": "checkout", "service.instance.id": "node-17", "host.name": "h"], metrics)
}

func histograms(_ exemplars: Bool) -> ([Int]) -> TestMetric.Data {
    { numbers in
        .histogram(
            numbers.map { number in
                let exemplar = TestExemplar(.init(high: 1, low: UInt64(number)), value: 3.5)
                return TestHistogramPoint(
                    attributes: attributes(number), bounds: (1...12).map { Double($0) / 4 },
                    counts: (0...12).map { UInt64($0 * number) },
                    sum: 123.456, exemplars: exemplars ? [exemplar] : [])
            })
    }
}

let sums: ([Int]) -> TestMetric.Data = { numbers in
    .sum(numbers.map { TestNumberPoint(attributes: attributes($0), value: Double($0)) })
}

/// The memory of this process in RAM, in bytes.
func residentBytes() -> Int {
    // C file access: the stream is closed before the function returns.
    guard let stream = unsafe fopen("/proc/self/statm", "r") else { return 0 }
    defer { unsafe fclose(stream) }
    var buffer = [UInt8](repeating: 0, count: 128)
    let count = unsafe fread(&buffer, 1, buffer.count, stream)
    let fields = String(decoding: buffer[..<count], as: UTF8.self).split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4096 : 0
}

/// Takes all pieces of an answer, as a server does, and hands each to `use`.
func scrape(
    _ exporter: PrometheusExporter, _ request: PrometheusEndpoint.Request, _ use: (ByteBuffer) -> Void = { _ in }
) {
    let (answer, rest) = exporter.endpoint.answer(request)
    use(answer.body)
    while true {
        switch rest?.next() {
        case .part(let piece): use(piece)
        case .end(let piece): return use(piece)
        case .failed, nil: return
        }
    }
}

/// What many series take. Each has a label of its own and one for a thousand of them.
func measureGrowth(_ count: Int) throws {
    let exporter = try makeExporter(TestContext(signal: .metrics, budgetBytes: 1 << 40))
    let before = residentBytes()
    let taken = try cost {
        for first in stride(from: 0, to: count, by: 1000) {
            let points = (first..<min(count, first + 1000)).map { number in
                TestHistogramPoint(
                    attributes: ["route": .string("/api/v1/items/\(number)"), "part": .string("\(first)")],
                    bounds: (1...14).map(Double.init), counts: (0...14).map { UInt64($0 * number) }, sum: 12)
            }
            let body = metricsRequest(
                resource: ["service.name": "checkout"], [TestMetric("http.server.duration", .histogram(points))])
            _ = try exporter.consume(try Batch(signal: .metrics, requests: body))
        }
    }
    let after = residentBytes()
    print(
        "\(count) histogram series: \((after - before) / count) bytes of memory each, "
            + "\(nanoseconds(taken, per: count)) ns to make and take")
    guard let exporter = exporter as? PrometheusExporter else { return }
    let request = PrometheusEndpoint.Request(
        method: "GET", path: "/metrics", accept: "text/plain", acceptEncoding: "gzip")
    let cost = best(3) { scrape(exporter, request) }
    print("\(count) histogram series: \(nanoseconds(cost, per: count)) ns of a gzipped scrape each")
}

if let count = CommandLine.arguments.dropFirst().first.flatMap({ Int($0) }) {
    try measureGrowth(max(1, count))
    exit(0)
}

for (name, body) in [
    ("sums", request(1000, sums)), ("histograms", request(1000, histograms(false))),
    ("histograms with exemplars", request(1000, histograms(true))),
] {
    let exporter = try makeExporter(TestContext(signal: .metrics))
    let batch = try Batch(signal: .metrics, requests: body)
    let first = try cost { _ = try exporter.consume(batch) }
    let known = try best(200) { _ = try exporter.consume(batch) }
    print(
        "\(name): \(nanoseconds(known, per: 1000)) ns per point of a known series, "
            + "\(nanoseconds(first, per: 1000)) of a new one")
}

let exporter = try makeExporter(TestContext(signal: .metrics))
for (count, data) in [(16_000, histograms(true)), (4_000, sums)] {
    _ = try exporter.consume(try Batch(signal: .metrics, requests: request(count, data)))
}
if let exporter = exporter as? PrometheusExporter {
    for accept in ["text/plain", "application/openmetrics-text; version=1.0.0"] {
        func request(_ encoding: String?) -> PrometheusEndpoint.Request {
            PrometheusEndpoint.Request(method: "GET", path: "/metrics", accept: accept, acceptEncoding: encoding)
        }
        var text = ByteBuffer()
        scrape(exporter, request(nil)) { text.writeImmutableBuffer($0) }
        let plain = best(10) { scrape(exporter, request(nil)) }
        let gzipped = best(10) { scrape(exporter, request("gzip")) }
        let gzip = best(10) { _ = Deflater.gzip([text], level: 1) }
        let lines = text.readableBytesView.split(separator: 10).count
        print(
            "\(accept): \(lines) lines, \(text.readableBytes >> 20) MiB, "
                + "\(nanoseconds(plain, per: lines)) ns per line; "
                + "\(Int(plain / gzip * 100)) % of gzip -1, \(Int(gzipped / gzip * 100)) % compressed")
    }
    let protobuf = PrometheusEndpoint.Request(
        method: "GET", path: "/metrics",
        accept: "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
        acceptEncoding: nil)
    var size = 0
    scrape(exporter, protobuf) { size += $0.readableBytes }
    let messages = best(10) { scrape(exporter, protobuf) }
    print("protobuf: \(size >> 20) MiB, \(nanoseconds(messages, per: 20_000)) ns per series")
}

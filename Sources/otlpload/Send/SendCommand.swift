import ArgumentParser
import CollectorCore

/// `otlpload send`: the load of a measurement.
struct SendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Send standard bodies to an OTLP endpoint and report rates, latencies and losses.",
        discussion: """
            Bodies come from a fixed seed: HTTP server spans of 447 bytes with ten attributes, or cumulative \
            histograms and sums of three attributes. Every request gets fresh trace ids (metrics: the current time). \
            With --gzip the requests rotate through \(BodySupply.compressedBodies) bodies compressed \
            in advance, so trace ids come back: compressing each request would measure zlib.

            The process given with --pid is measured from the first request after the warm-up until the sink has \
            everything, or nothing has arrived for the settle time; without --sink-stats until that time is over. \
            With --steady it is measured from the end of the warm-up to the last answer, without a pause between: for \
            collectors that hold data back, when the warm-up is longer than that and as much leaves as comes in.
            """)

    @Option(help: "How to send: http or grpc.")
    var transport = LoadPlan.Transport.http

    @Option(help: "Where to: http://host:port for HTTP, host:port for gRPC.")
    var endpoint: String?

    @Option(help: "What to send: traces or metrics.")
    var signal = Signal.traces

    @Option(help: "Spans or data points per request; the standard bodies have 100, 1000 and 8000.")
    var items = 1000

    @Flag(help: "Compress bodies with gzip.")
    var gzip = false

    @Option(help: "Spans to a trace.")
    var spansPerTrace = 10

    @Flag(help: "New labels all the time: a service name per request, a name and a path per span.")
    var churn = false

    @Option(help: "Seed of the bodies.")
    var seed: UInt64 = 1

    @Option(help: "Requests per second; as fast as answers come if not given.")
    var rate: Double?

    @Option(help: "Connections.")
    var connections = 8

    @Option(help: "Calls under way at the same time on a gRPC connection.")
    var calls = 1

    @Option(help: "Threads.")
    var threads = 1

    @Option(help: "Seconds to measure.")
    var seconds = 5.0

    @Option(help: "Requests at most, spread evenly over the connections; the time is a bound then.")
    var requests: Int?

    @Option(help: "Seconds to send before that.")
    var warmup = 1.0

    @Flag(help: "Measure a steady flow: no waiting for what is still on its way, neither before nor after.")
    var steady = false

    @Option(help: "Milliseconds that a connection rests after a request that failed.")
    var errorPause = 10

    @Option(help: "A process whose CPU time and memory to measure. May repeat.")
    var pid: [Int] = []

    @Option(help: "The /stats URL of the sink behind, to count what arrives.")
    var sinkStats: String?

    @Option(help: "Seconds without arrivals after which what is missing is lost.")
    var settle = 2.0

    @Flag(help: "Report as JSON.")
    var json = false

    func validate() throws {
        guard items > 0, items <= 1_000_000 else { throw ValidationError("--items must be from 1 to 1000000") }
        guard connections > 0, calls > 0, threads > 0 else {
            throw ValidationError("--connections, --calls and --threads must be at least 1")
        }
        guard spansPerTrace > 0, requests ?? 1 > 0 else {
            throw ValidationError("--spans-per-trace and --requests must be at least 1")
        }
        guard signal != .logs else { throw ValidationError("--signal must be traces or metrics") }
        guard seconds > 0, seconds <= 86_400, warmup >= 0, warmup <= 86_400, settle >= 0, settle <= 86_400 else {
            throw ValidationError("--seconds, --warmup and --settle must be within a day")
        }
        if let rate, !(rate > 0) { throw ValidationError("--rate must be above 0") }
    }

    func run() throws {
        let measurement = try Measurement(
            plan: plan, pids: pid, sinkStats: steady ? nil : sinkStats, settle: .seconds(steady ? 0 : settle))
        let report = try measurement.run(warmup: .seconds(warmup), duration: .seconds(seconds))
        print(json ? report.json : report.text)
    }

    private var plan: LoadPlan {
        var plan = LoadPlan()
        plan.transport = transport
        plan.endpoint = endpoint ?? (transport == .http ? "http://127.0.0.1:4318" : "127.0.0.1:4317")
        plan.signal = signal
        plan.itemsPerRequest = items
        plan.isCompressed = gzip
        plan.shape = StandardTraces.Shape(spansPerTrace: spansPerTrace, churns: churn)
        plan.maximumRequests = requests
        plan.seed = seed
        plan.rate = rate
        plan.connections = connections
        plan.callsPerConnection = calls
        plan.threads = min(threads, connections)
        plan.errorPause = .milliseconds(max(0, errorPause))
        return plan
    }
}

extension LoadPlan.Transport: ExpressibleByArgument {}
extension Signal: ExpressibleByArgument {}

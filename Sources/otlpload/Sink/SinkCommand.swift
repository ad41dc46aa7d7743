import ArgumentParser
import CollectorCore
import CollectorTransport
import Glibc
import NIOPosix

/// `otlpload sink`: the backend of a measurement.
struct SinkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sink",
        abstract: "Take OTLP in by HTTP and gRPC, answer success and count.",
        discussion: """
            Items are counted by walking the envelopes only. The counts are at /stats of the HTTP endpoint as JSON \
            (with GET or POST), and on standard output when SIGTERM or SIGINT ends the sink.
            """)

    @Option(help: "Where to listen for OTLP/HTTP and /stats.")
    var http = "127.0.0.1:5318"

    @Option(help: "Where to listen for OTLP/gRPC.")
    var grpc = "127.0.0.1:5317"

    @Option(help: "Event loop threads.")
    var threads = 1

    @Option(help: "Refuse this many requests before taking any.")
    var failFirst = 0

    @Option(help: "The HTTP status of a refusal.")
    var failStatus = 503

    @Option(help: "The gRPC status number of a refusal.")
    var failGrpcStatus = 14

    @Option(help: "Seconds of Retry-After and RetryInfo in a refusal.")
    var retryAfter: Int?

    @Option(help: "Milliseconds before each answer.")
    var delay = 0

    func validate() throws {
        guard threads > 0 else { throw ValidationError("--threads must be at least 1") }
        guard (400...599).contains(failStatus) else { throw ValidationError("--fail-status must be from 400 to 599") }
        guard let code = StatusCode(rawValue: failGrpcStatus), code != .ok else {
            throw ValidationError("--fail-grpc-status must be from 1 to 16")
        }
    }

    func run() throws {
        let signals = StopSignals()
        signals.block()
        var settings = SinkAnswers.Settings()
        settings.httpStatus = failStatus
        settings.grpcStatus = StatusCode(rawValue: failGrpcStatus) ?? .unavailable
        settings.failFirst = failFirst
        settings.retryAfter = retryAfter
        settings.delay = .milliseconds(max(0, delay))
        let counters = SinkCounters()
        let service = SinkService(counters: counters, answers: SinkAnswers(settings))
        let (http, grpc, threads) = (http, grpc, threads)
        Task.detached { await Self.serve(service, http: http, grpc: grpc, threads: threads) }
        signals.wait()
        print(counters.snapshot.json)
    }

    private static func serve(_ service: SinkService, http: String, grpc: String, threads: Int) async {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        let budget = ByteBudget(limit: Int.max) { 0 }
        do {
            let httpServer = try await HTTPServer.start(
                endpoint: http, service: service, budget: budget, workers: InlineWorkers(), group: group)
            let grpcServer = try await GRPCServer.start(
                endpoint: grpc, service: service, budget: budget, workers: InlineWorkers(), group: group)
            print("sink: OTLP/HTTP on port \(httpServer.port), OTLP/gRPC on port \(grpcServer.port)")
            // Whoever started the sink may be waiting for this line through a pipe.
            fflush(nil)
        } catch {
            print("sink: \(error)")
            Glibc.exit(1)
        }
    }
}

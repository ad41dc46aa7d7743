import ArgumentParser
import CollectorCore
import OTLPWire

/// `needletail explain`: asks a running collector what its samplers decided.
struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a running collector why it kept or dropped a trace.",
        discussion: """
            Shows each sampler's verdict, what made it time to decide, and every policy's vote with what it measured. \
            Without a trace id, lists the latest decisions. The status is 0 when the collector answered, 1 when it does \
            not know the trace or cannot be asked.

            EXAMPLES:
              needletail explain 5b8aa5a2d2c872e8321cf37308d69df2
              needletail explain --decision dropped --service checkout --limit 20
              needletail explain --policy slow --json
            """)

    @Argument(help: "The trace's id: 32 hexadecimal digits.")
    var traceID: String?

    @Option(help: "List traces that this policy decided, or, being a shadow, voted for.")
    var policy: String?

    @Option(help: "List traces that this policy voted to sample or to drop, whoever decided.")
    var voted: String?

    @Option(help: "List traces of this service, that of the root span.")
    var service: String?

    @Option(help: "List traces that were kept, or that were dropped.")
    var decision: String?

    @Option(help: "How many to list, 1000 at most. (default: 100)")
    var limit: Int?

    @Option(help: "Where the collector serves its own telemetry (service.telemetry.metrics).")
    var endpoint = "http://localhost:8888"

    @Flag(help: "Print the collector's JSON instead of text.")
    var json = false

    func validate() throws {
        guard let traceID else { return }
        guard TraceID(hexadecimal: traceID) != nil else {
            throw ValidationError("a trace id is 32 hexadecimal digits, found `\(traceID.clipped(to: 64).printable)`")
        }
        guard filters.isEmpty else {
            throw ValidationError("\(filters.map { "--\($0.name)" }.joined(separator: ", ")) cannot go with a trace id")
        }
    }

    func run() async throws {
        let page = "/debug/decisions" + (traceID.map { "/\($0)" } ?? "")
        do throws(TelemetryClient.Failure) {
            let client = try TelemetryClient(
                endpoint: endpoint, page: page, query: filters, mediaType: json ? "application/json" : "text/plain")
            print(try await client.get(), terminator: "")
        } catch {
            Log.writeToStandardError("needletail explain: \(error.message)\n")
            throw ExitCode(1)
        }
    }

    private var filters: [(name: String, value: String)] {
        [
            ("policy", policy), ("voted", voted), ("service", service), ("decision", decision),
            ("limit", limit.map { "\($0)" }),
        ].compactMap { name, value in value.map { (name, $0) } }
    }
}

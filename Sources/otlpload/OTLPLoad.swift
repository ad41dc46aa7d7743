import ArgumentParser

/// The command line.
@main
struct OTLPLoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "otlpload",
        abstract: "Sends OTLP load and takes it in, for measuring what stands between.",
        discussion: """
            EXAMPLES:
              otlpload sink --http 127.0.0.1:5318 --grpc 127.0.0.1:5317
              otlpload send --endpoint http://127.0.0.1:4318 --items 1000 --seconds 5 --pid $(pidof needletail) \\
                  --sink-stats http://127.0.0.1:5318/stats
            """,
        subcommands: [SendCommand.self, SinkCommand.self])
}

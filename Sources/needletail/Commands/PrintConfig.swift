import ArgumentParser
import CollectorCore
import CollectorService

/// `needletail print-config`: what merging, expansion and overrides have made of the configuration.
struct PrintConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "print-config", abstract: "Print the merged and expanded configuration, secrets redacted.")

    @OptionGroup var options: ConfigOptions

    func run() throws {
        let loaded = try options.load()
        print(ConfigPrinter.print(loaded.config.root, secrets: loaded.diagnostics.secrets), terminator: "")
    }
}

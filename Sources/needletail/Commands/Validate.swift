import ArgumentParser
import CollectorCore

/// `needletail validate`: reports every mistake and starts nothing.
struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Check a configuration and report every mistake.")

    @OptionGroup var options: ConfigOptions

    func run() throws {
        let loaded = try options.load()
        for diagnostic in loaded.diagnostics.all { Log.writeToStandardError("\(diagnostic)\n") }
        print("the configuration is valid")
    }
}

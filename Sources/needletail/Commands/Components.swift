import ArgumentParser
import CollectorCore

/// `needletail components`: what this build knows.
struct Components: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the component types of this build.")

    func run() {
        list("receivers", builtIn.receivers)
        list("processors", builtIn.processors)
        list("connectors", builtIn.connectors)
        list("exporters", builtIn.exporters)
        list("extensions", builtIn.extensions)
    }

    private func list<Factory>(_ section: String, _ factories: [Factory]) {
        print("\(section):")
        for factory in factories.compactMap({ $0 as? any ComponentFactory }).sorted(by: { $0.type < $1.type }) {
            let signals = factory.signals.map(\.rawValue).sorted().joined(separator: ", ")
            let aliases = factory.aliases.isEmpty ? "" : " (also \(factory.aliases.joined(separator: ", ")))"
            print("  \(factory.type)\(aliases)\(signals.isEmpty ? "" : " [\(signals)]"): \(factory.summary)")
        }
    }
}

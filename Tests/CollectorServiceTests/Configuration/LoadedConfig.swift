import CollectorCore
import CollectorService
import Glibc
import Testing

/// Files in a directory of their own, gone when the test is.
final class ConfigFiles {
    let directory: String

    init(_ files: [String: String] = [:]) throws {
        // The template is a private copy that mkdtemp edits in place.
        var template = Array("/tmp/needletail-config-XXXXXX".utf8CString)
        let made = unsafe mkdtemp(&template) != nil
        try #require(made)
        directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        for (name, text) in files { try write(Array(text.utf8), to: name) }
    }

    deinit {
        // The files are unlinked before their directory; failures leave rubbish in /tmp and nothing else.
        for name in written { unsafe unlink(path(name)) }
        unsafe rmdir(directory)
    }

    private var written: [String] = []

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    func write(_ bytes: [UInt8], to name: String) throws {
        // The stream lives from here to the end of this function.
        guard let file = unsafe fopen(path(name), "w") else { throw ConfigMistake("cannot write \(name)") }
        unsafe fwrite(bytes, 1, bytes.count, file)
        unsafe fclose(file)
        written.append(name)
    }
}

/// A complete configuration with nothing to report, as a base for tests that care about something else.
let smallConfig = """
    receivers: {otlp: }
    exporters: {debug: }
    service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}

    """

/// Loads one text and returns the value at a path, described, with what was reported about it.
func loadValue(
    _ yaml: String, at key: String = "value", environment: [String: String] = [:], sets: [String] = []
) -> (value: ConfigNode?, diagnostics: Diagnostics) {
    let (config, diagnostics) = ConfigLoader.load(
        sources: ["yaml:" + yaml], sets: sets, environment: ConfigEnvironment(environment))
    var node = config?.root
    for key in key.split(separator: ".") { node = node?[String(key)] }
    return (node, diagnostics)
}

extension ConfigNode {
    /// The value in a notation for comparisons: `null`, `plain`, `"quoted"`, `[…]`, `{k: v}`.
    var flow: String {
        switch value {
        case .null: "null"
        case .scalar(let text, let quoted): quoted ? "\"\(text)\"" : text
        case .list(let items): "[" + items.map(\.flow).joined(separator: ", ") + "]"
        case .map(let entries): "{" + entries.map { "\($0.key): \($0.value.flow)" }.joined(separator: ", ") + "}"
        }
    }
}

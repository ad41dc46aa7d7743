package import CollectorCore

/// `file`: OTLP/JSON, one request a line.
package struct FileExporterFactory: ExporterFactory {
    package let type = "file"
    package let signals = Set(Signal.allCases)
    package let summary = "Writes OTLP/JSON lines to a file."

    package init() {}

    package func readConfig(_ reader: ConfigReader) -> FileExporterConfig { FileExporterConfig(reader) }

    package func make(
        _ config: FileExporterConfig, _ context: ComponentContext, signal: Signal
    ) throws(ComponentError) -> any ConsumingComponent {
        // The signals of one id write to one file, so they share it.
        guard
            let output = context.shared.object(
                "file/\(context.id)", make: { LineFile(path: config.path, appends: config.appends, context.workers) })
        else { throw ComponentError("exporter \(context.id): the id is in use for something else") }
        return FileExporter(output, signal: signal, context)
    }
}

import CollectorCore

/// The settings of `file`.
package struct FileExporterConfig: Sendable {
    var path: String
    /// Continue an existing file instead of beginning it anew.
    var appends: Bool

    init(_ reader: ConfigReader) {
        path = reader.requiredString("path", example: "./traces.jsonl")
        appends = reader.bool("append", default: false)
        reader.hint("flush_interval")
        if reader.string("format", default: "json") != "json" {
            reader.error("format", "only `json` (OTLP/JSON, one request a line) is available")
        }
        for key in ["rotation", "compression", "encoding", "group_by", "create_directory", "directory_permissions"] {
            reader.unsupported(key, because: "the file is one plain file of OTLP/JSON lines; remove the key")
        }
        reader.finish()
    }
}

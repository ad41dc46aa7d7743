import Glibc

/// Writes what the operator should know to standard error, one line an event:
/// `2026-11-21T02:10:01.123Z info  exporter/otlp_http  message  key=value`.
package struct Log: Sendable {
    package enum Level: Int, Sendable, Comparable {
        case debug, info, warn, error, fatal, none

        package static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }

        var word: String {
            switch self {
            case .debug: "debug"
            case .info: "info "
            case .warn: "warn "
            case .error: "error"
            case .fatal, .none: "fatal"
            }
        }
    }

    package enum Format: Sendable {
        /// For people: columns.
        case console
        /// One JSON object a line.
        case json
    }

    private let minimum: Level
    private var component: String
    private let format: Format
    private let fields: [(name: String, value: String)]
    private let write: @Sendable (String) -> Void

    /// - Parameters:
    ///   - fields: what every line carries.
    ///   - write: takes one finished line with its newline.
    package init(
        minimum: Level = .info, component: String = "service", format: Format = .console,
        fields: [(name: String, value: String)] = [],
        write: @escaping @Sendable (String) -> Void = Log.writeToStandardError
    ) {
        self.minimum = minimum
        self.component = component
        self.format = format
        self.fields = fields
        self.write = write
    }

    /// The same log for another component.
    package func named(_ component: String) -> Log {
        var log = self
        log.component = component
        return log
    }

    package func debug(_ message: @autoclosure () -> String) { event(.debug, message) }
    package func info(_ message: @autoclosure () -> String) { event(.info, message) }
    package func warn(_ message: @autoclosure () -> String) { event(.warn, message) }
    package func error(_ message: @autoclosure () -> String) { event(.error, message) }

    private func event(_ level: Level, _ message: () -> String) {
        guard level >= minimum else { return }
        switch format {
        case .console:
            let extra = fields.map { "\t\($0.name)=\(singleLine($0.value))" }.joined()
            write("\(timestamp()) \(level.word) \(component)\t\(singleLine(message()))\(extra)\n")
        case .json:
            let word = String(level.word.prefix { $0 != " " })
            let pairs = [("level", word), ("ts", timestamp()), ("component", component), ("msg", message())] + fields
            write(JSONValue.object(pairs.map { ($0.0, .string($0.1)) }).text + "\n")
        }
    }

    /// One event, one line: what senders wrote must not look like events of ours.
    private func singleLine(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : Character($0) })
    }

    /// Writes to a standard stream. Whole lines in one call, so events do not interleave.
    private static func writer(to descriptor: Int32) -> @Sendable (String) -> Void {
        { line in
            let bytes = Array(line.utf8)
            // unsafe: write(2) takes a pointer; the array lives across the call.
            _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        }
    }

    package static let writeToStandardError = writer(to: STDERR_FILENO)
    package static let writeToStandardOutput = writer(to: STDOUT_FILENO)
}

private func timestamp() -> String {
    var now = timespec()
    // unsafe: clock_gettime takes a pointer; `now` lives across the call.
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    return RFC3339.text(
        UInt64(max(0, now.tv_sec)) &* 1_000_000_000 &+ UInt64(max(0, now.tv_nsec)), .milliseconds)
}

/// One finding about the configuration: what is wrong, where, and what would be right.
package struct Diagnostic: Sendable, Hashable, CustomStringConvertible {
    package enum Severity: String, Sendable {
        /// The collector does not start.
        case error
        /// It starts, but probably not as meant.
        case warning
        /// It starts as meant; this is worth knowing once.
        case note
    }

    package var severity: Severity
    package var mark: SourceMark
    package var path: ConfigPath
    package var message: String

    package init(_ severity: Severity, at mark: SourceMark, path: ConfigPath = .root, _ message: String) {
        self.severity = severity
        self.mark = mark
        self.path = path
        self.message = message
    }

    /// `file:line:column: error: path: message`, one line.
    package var description: String {
        let subject = path.steps.isEmpty ? "" : "\(path): "
        return "\(mark): \(severity.rawValue): \(subject)\(message)"
    }
}

/// What reading the configuration found out: mistakes, warnings, notes, and which values are secret.
///
/// Reading never stops at a mistake; the reader records it here and goes on with the default, so that one run reports
/// everything. Shared by all readers of one load, on one thread.
package final class Diagnostics {
    package private(set) var all: [Diagnostic] = []
    private var known: Set<Diagnostic> = []
    /// Paths of values that `print-config` must not show.
    package private(set) var secrets: Set<ConfigPath> = []

    package init() {}

    package var hasErrors: Bool { all.contains { $0.severity == .error } }
    package var errors: [Diagnostic] { all.filter { $0.severity == .error } }
    package var warnings: [Diagnostic] { all.filter { $0.severity == .warning } }
    package var notes: [Diagnostic] { all.filter { $0.severity == .note } }

    package func error(at mark: SourceMark, path: ConfigPath = .root, _ message: String) {
        record(Diagnostic(.error, at: mark, path: path, message))
    }

    package func warning(at mark: SourceMark, path: ConfigPath = .root, _ message: String) {
        record(Diagnostic(.warning, at: mark, path: path, message))
    }

    package func note(at mark: SourceMark, path: ConfigPath = .root, _ message: String) {
        record(Diagnostic(.note, at: mark, path: path, message))
    }

    package func markSecret(_ path: ConfigPath) {
        secrets.insert(path)
    }

    /// One finding per line, errors first, each kind in the order of discovery. Empty when there are none.
    package var rendered: String {
        (errors + warnings + notes).map(\.description).joined(separator: "\n")
    }

    /// The same finding is kept once: a component used in two pipelines may be read twice.
    private func record(_ diagnostic: Diagnostic) {
        if known.insert(diagnostic).inserted { all.append(diagnostic) }
    }
}

/// Where a piece of configuration was written: file (or URI, or `--set` override), line and column.
package struct SourceMark: Sendable, Hashable, CustomStringConvertible {
    /// The name a person knows the source by: a path as typed, `yaml`, `env:NAME` or `--set a.b`.
    package var file: String
    /// One-based; 0 when the source has no lines of its own.
    package var line: Int
    /// One-based, counted in Unicode scalars; 0 when the source has no lines of its own.
    package var column: Int

    package init(file: String, line: Int = 0, column: Int = 0) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `file:line:column`, or only the file when there are no lines. Editors and terminals can follow it.
    package var description: String {
        line > 0 ? "\(file):\(line):\(column)" : file
    }
}

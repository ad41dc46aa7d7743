/// A part of a capture that cannot be used: which, and why.
package struct CaptureProblem: Error, Sendable, CustomStringConvertible {
    package var file: String
    /// One-based; 0 for the file as a whole.
    package var line: Int
    package var message: String

    package init(file: String, line: Int = 0, _ message: String) {
        self.file = file
        self.line = line
        self.message = message
    }

    package var description: String { line > 0 ? "\(file):\(line): \(message)" : "\(file): \(message)" }
}

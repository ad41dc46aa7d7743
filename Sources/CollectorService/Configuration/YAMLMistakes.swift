import CollectorCore
import Yams

/// Text that could take the YAML parser exponential time.
struct TooCostly: Error {}

/// What the YAML parser complains about, in terms of place and remedy.
func explain(_ error: any Error, file: String, text: String) -> (mark: SourceMark, message: String) {
    func at(_ mark: Mark) -> SourceMark { SourceMark(file: file, line: mark.line, column: mark.column) }
    switch error {
    case YamlError.scanner(let context, let problem, let mark, _),
        YamlError.parser(let context, let problem, let mark, _),
        YamlError.composer(let context, let problem, let mark, _):
        if problem.contains("another document") {
            return (at(mark), "found a second document; use one file for each and repeat --config")
        }
        let begun = context.map { $0.mark.line < mark.line ? " begun in line \($0.mark.line)" : "" } ?? ""
        let during = context.map { " \($0.text)\(begun)" } ?? ""
        return (at(mark), "YAML syntax: \(problem)\(during)\(remedy(problem))")
    case YamlError.reader(let problem, let offset, _, _):
        let lines = text.prefix(offset ?? 0).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let mark = SourceMark(file: file, line: max(1, lines.count), column: (lines.last?.count ?? 0) + 1)
        return (mark, "YAML syntax: \(problem)")
    case YamlError.duplicatedKeysInMapping(let keys, let context):
        let first = context.mark
        let key = keys.first ?? ""
        let second = positionOfRepetition(of: key, after: first, in: text)
        let repeated = second.map { SourceMark(file: file, line: $0, column: first.column) } ?? at(first)
        return (repeated, "duplicate key `\(key)`, already in line \(first.line); keep one of them")
    case YamlError.memory:
        return (SourceMark(file: file), "nested too deeply to be read")
    case is TooCostly:
        return (SourceMark(file: file), "too large, or aliases inside of keys (`? *name`), which are not supported")
    default:
        return (SourceMark(file: file), "cannot be read as YAML: \(error)")
    }
}

private func remedy(_ problem: String) -> String {
    if problem.contains("cannot start any token") {
        return "; indent with spaces, and quote values that begin with @, ` or %"
    }
    if problem.contains("mapping values are not allowed") { return "; quote the value if it contains `: `" }
    return ""
}

/// The line where a key stands again in the same column: true of block maps, which is where long files repeat keys.
private func positionOfRepetition(of key: String, after first: Mark, in text: String) -> Int? {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    let indent = max(0, first.column - 1)
    for (index, line) in lines.enumerated().dropFirst(first.line) {
        guard let start = line.firstIndex(where: { $0 != " " }), line[start] != "#" else { continue }
        let column = line.distance(from: line.startIndex, to: start)
        // A line further left ends the map the first one stands in.
        if column < indent { return nil }
        guard column == indent else { continue }
        let rest = line[start...].drop { $0 == "\"" || $0 == "'" }
        guard rest.hasPrefix(key) else { continue }
        let tail = rest.dropFirst(key.count).drop { $0 == "\"" || $0 == "'" || $0 == " " }
        if tail.hasPrefix(":") { return index + 1 }
    }
    return nil
}

/// A text with `${…}` references, cut at them: `tcp://${env:HOST}:4317` is a literal, a reference and a literal.
///
/// `$$` stands for one dollar sign; a dollar sign before anything but `{` and `$` stands for itself, so `$1` in a
/// pattern is safe. References nest (`${env:${NAME}}`, `${env:A:-${env:B}}`), so the end of one is its balancing brace.
struct ExpansionSyntax: Equatable {
    enum Piece: Equatable {
        case literal(String)
        /// What stands between `${` and `}`, itself not yet expanded.
        case reference(String)
    }

    private(set) var pieces: [Piece] = []
    /// A `${` was never closed; it is kept as text.
    private(set) var isUnbalanced = false

    init(_ text: String) {
        let closings = Self.closings(in: text)
        var rest = Substring(text)
        var literal = ""
        while let dollar = rest.firstIndex(of: "$") {
            literal += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                literal += "$"
                rest.removeFirst()
            } else if rest.first == "{", let end = closings[rest.startIndex] {
                if !literal.isEmpty { pieces.append(.literal(literal)) }
                literal = ""
                pieces.append(.reference(String(rest[rest.index(after: rest.startIndex)..<end])))
                rest = rest[rest.index(after: end)...]
            } else {
                isUnbalanced = isUnbalanced || rest.first == "{"
                literal += "$"
            }
        }
        literal += rest
        if !literal.isEmpty { pieces.append(.literal(literal)) }
    }

    /// The closing brace of each `${`, by the index of its opening brace; found in one pass, however many are open.
    private static func closings(in text: String) -> [String.Index: String.Index] {
        var closings: [String.Index: String.Index] = [:]
        var open: [String.Index] = []
        var followsDollar = false
        for index in text.indices {
            switch text[index] {
            case "$":
                // The second of two dollar signs is the end of an escape and opens nothing.
                followsDollar.toggle()
                continue
            case "{" where followsDollar: open.append(index)
            case "}": if let start = open.popLast() { closings[start] = index }
            default: break
            }
            followsDollar = false
        }
        return closings
    }
}

/// How a line starts: the name, and where the labels belong. Names outside the classic alphabet stand in quotes among
/// the labels.
struct SampleName: Sendable {
    /// In front of labels: `name{` or `{"name",`.
    let open: [UInt8]

    init(_ name: [UInt8]) {
        if NameAlphabet.metric.isValid(name) {
            open = name + [UInt8(ascii: "{")]
        } else {
            var quoted = [UInt8(ascii: "{")]
            quoted.append(quoted: name)
            open = quoted + [.comma]
        }
    }

    /// No name: of lines that a family does not have.
    static let none = SampleName()

    private init() {
        open = []
    }

    /// Whether labels go on a list that the name began.
    var isQuoted: Bool { open.last == .comma }
}

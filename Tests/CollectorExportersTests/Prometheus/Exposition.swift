// A reader of both text formats, independent of what writes them: it takes what the formats allow and throws at the
// first thing they forbid. `ExpositionRules` holds the rules that the OpenTelemetry Collector itself does not always
// keep.

struct ExpositionError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

struct Exposition {
    struct Label: Hashable {
        var name: String
        var value: String
    }

    struct Exemplar: Equatable {
        var labels: Set<Label>
        var value: Double
        var time: Double?
    }

    struct Sample {
        var name: String
        var labels: [Label]
        var value: Double
        var valueText: String
        var time: Double?
        var exemplar: Exemplar?
    }

    struct Family {
        var name: String
        var type: String?
        var help: String?
        var unit: String?
        var samples: [Sample] = []
    }

    /// What tells a sample from all others of its family.
    private struct Identity: Hashable {
        var name: String
        var labels: Set<Label>
    }

    var families: [Family] = []
    /// Of the last family.
    private var identities: Set<Identity> = []

    subscript(_ name: String) -> Family? { families.first { $0.name == name } }

    /// All samples of that name.
    func samples(_ name: String) -> [Sample] { families.flatMap(\.samples).filter { $0.name == name } }

    init(_ text: [UInt8], isOpenMetrics: Bool) throws {
        guard !text.isEmpty else { return }
        guard text.last == 10 else { throw ExpositionError("the last line has no line feed") }
        var lines = text.dropLast().split(separator: 10, omittingEmptySubsequences: false).map(Array.init)
        if isOpenMetrics {
            guard lines.last == Array("# EOF".utf8) else { throw ExpositionError("no # EOF at the end") }
            lines.removeLast()
        }
        for line in lines {
            var scanner = LineScanner(line)
            if line.first == UInt8(ascii: "#") {
                try readMetadata(&scanner, isOpenMetrics)
            } else {
                try add(try scanner.sample(), isOpenMetrics)
            }
        }
    }

    private mutating func readMetadata(_ scanner: inout LineScanner, _ isOpenMetrics: Bool) throws {
        for keyword in ["HELP", "TYPE", "UNIT"] where scanner.skip("# \(keyword) ") {
            let name = try scanner.name()
            let content = scanner.skip(" ") ? scanner.rest : []
            let family = try open(name)
            switch keyword {
            case "HELP":
                guard families[family].help == nil else { throw ExpositionError("second HELP of \(name)") }
                families[family].help = try unescaped(content, quotes: isOpenMetrics)
            case "TYPE":
                guard families[family].type == nil, families[family].samples.isEmpty else {
                    throw ExpositionError("second or late TYPE of \(name)")
                }
                families[family].type = String(decoding: content, as: UTF8.self)
            default:
                guard families[family].unit == nil else { throw ExpositionError("second UNIT of \(name)") }
                families[family].unit = String(decoding: content, as: UTF8.self)
            }
            return
        }
        throw ExpositionError("unexpected comment: \(scanner.line)")
    }

    private mutating func add(_ sample: Sample, _ isOpenMetrics: Bool) throws {
        var family = families.count - 1
        if family < 0 || !families[family].mayHold(sample.name, isOpenMetrics) { family = try open(sample.name) }
        if Set(sample.labels.map(\.name)).count != sample.labels.count {
            throw ExpositionError("repeated label name in \(sample)")
        }
        guard identities.insert(Identity(name: sample.name, labels: Set(sample.labels))).inserted else {
            throw ExpositionError("repeated sample \(sample)")
        }
        families[family].samples.append(sample)
    }

    /// The family a line belongs to, which must be the last one or new.
    private mutating func open(_ name: String) throws -> Int {
        if families.last?.name == name { return families.count - 1 }
        if families.contains(where: { $0.name == name }) { throw ExpositionError("family \(name) is in two places") }
        families.append(Family(name: name))
        identities.removeAll()
        return families.count - 1
    }
}

extension Exposition.Family {
    /// What may follow the family's name in its samples.
    func suffixes(_ isOpenMetrics: Bool) -> [String] {
        switch type ?? "" {
        case "counter": isOpenMetrics ? ["_total", "_created"] : [""]
        case "histogram": ["_bucket", "_sum", "_count", "_created"]
        case "summary": ["", "_sum", "_count", "_created"]
        case "info": ["_info"]
        default: [""]
        }
    }

    fileprivate func mayHold(_ sample: String, _ isOpenMetrics: Bool) -> Bool {
        suffixes(isOpenMetrics).contains { name + $0 == sample }
    }
}

private func unescaped(_ text: [UInt8], quotes: Bool) throws -> String {
    var result: [UInt8] = []
    var position = 0
    while position < text.count {
        if text[position] == UInt8(ascii: "\\") {
            position += 1
            guard position < text.count else { throw ExpositionError("backslash at the end") }
            switch text[position] {
            case UInt8(ascii: "n"): result.append(10)
            case UInt8(ascii: "\\"): result.append(text[position])
            case UInt8(ascii: "\"") where quotes: result.append(text[position])
            default: throw ExpositionError("unknown escape in \(String(decoding: text, as: UTF8.self))")
            }
        } else {
            if quotes, text[position] == UInt8(ascii: "\"") { throw ExpositionError("bare quote") }
            result.append(text[position])
        }
        position += 1
    }
    return String(decoding: result, as: UTF8.self)
}

/// Reads one line from left to right.
struct LineScanner {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var line: String { String(decoding: bytes, as: UTF8.self) }
    var rest: [UInt8] { Array(bytes[position...]) }
    var isAtEnd: Bool { position >= bytes.count }
    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skip(_ text: String) -> Bool {
        guard bytes[position...].starts(with: Array(text.utf8)) else { return false }
        position += text.utf8.count
        return true
    }

    /// A name, in quotes or not.
    mutating func name() throws -> String {
        if next == UInt8(ascii: "\"") { return try quoted() }
        let start = position
        while let byte = next, byte.isName { position += 1 }
        guard position > start, !(0x30...0x39).contains(bytes[start]) else {
            throw ExpositionError("no name in: \(line)")
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    mutating func quoted() throws -> String {
        guard skip("\"") else { throw ExpositionError("no quote in: \(line)") }
        let start = position
        while let byte = next, byte != UInt8(ascii: "\"") { position += byte == UInt8(ascii: "\\") ? 2 : 1 }
        guard position < bytes.count else { throw ExpositionError("quote without end in: \(line)") }
        let text = try unescaped(Array(bytes[start..<position]), quotes: true)
        position += 1
        return text
    }

    mutating func sample() throws -> Exposition.Sample {
        var name = next == UInt8(ascii: "{") ? "" : try self.name()
        var labels: [Exposition.Label] = []
        if next == UInt8(ascii: "{") { labels = try self.labels(&name) }
        guard !name.isEmpty, skip(" ") else { throw ExpositionError("not a sample: \(line)") }
        let valueText = word()
        var sample = Exposition.Sample(name: name, labels: labels, value: try number(valueText), valueText: valueText)
        guard !isAtEnd else { return sample }
        guard skip(" ") else { throw ExpositionError("trailing text: \(line)") }
        if next != UInt8(ascii: "#") { sample.time = try number(word()) }
        if !isAtEnd {
            _ = skip(" ")
            sample.exemplar = try exemplar()
        }
        return sample
    }

    private mutating func exemplar() throws -> Exposition.Exemplar {
        guard skip("# ") else { throw ExpositionError("trailing text: \(line)") }
        var none = "none"
        let labels = try self.labels(&none)
        guard Set(labels.map(\.name)).count == labels.count else { throw ExpositionError("repeated label: \(line)") }
        let size = labels.reduce(0) { $0 + $1.name.unicodeScalars.count + $1.value.unicodeScalars.count }
        guard size <= 128 else { throw ExpositionError("exemplar of \(size) code points: \(line)") }
        guard skip(" ") else { throw ExpositionError("exemplar without value: \(line)") }
        var exemplar = Exposition.Exemplar(labels: Set(labels), value: try number(word()))
        if skip(" ") { exemplar.time = try number(word()) }
        guard isAtEnd else { throw ExpositionError("trailing text: \(line)") }
        return exemplar
    }

    /// What stands in braces; a quoted name without a value is the metric's.
    private mutating func labels(_ metric: inout String) throws -> [Exposition.Label] {
        guard skip("{") else { throw ExpositionError("no labels in: \(line)") }
        var labels: [Exposition.Label] = []
        while !skip("}") {
            if !labels.isEmpty || next == UInt8(ascii: ",") {
                guard skip(",") else { throw ExpositionError("no comma between labels: \(line)") }
            }
            let isQuoted = next == UInt8(ascii: "\"")
            let name = try self.name()
            if isQuoted, metric.isEmpty, next != UInt8(ascii: "=") {
                metric = name
                continue
            }
            guard skip("=") else { throw ExpositionError("label without value: \(line)") }
            if !isQuoted, name.contains(":") { throw ExpositionError("colon in a label name: \(line)") }
            labels.append(Exposition.Label(name: name, value: try quoted()))
        }
        return labels
    }

    private mutating func word() -> String {
        let start = position
        while let byte = next, byte != UInt8(ascii: " ") { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private func number(_ text: String) throws -> Double {
        switch text {
        case "+Inf": return .infinity
        case "-Inf": return -.infinity
        case "NaN": return .nan
        default:
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }),
                let value = Double(text)
            else { throw ExpositionError("'\(text)' is no number: \(line)") }
            return value
        }
    }
}

extension UInt8 {
    fileprivate var isName: Bool {
        (0x30...0x39).contains(self) || (0x61...0x7a).contains(self | 0x20) || self == UInt8(ascii: "_")
            || self == UInt8(ascii: ":")
    }
}

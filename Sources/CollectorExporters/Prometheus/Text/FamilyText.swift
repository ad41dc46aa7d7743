/// What a family is shown as.
enum FamilyKind: Sendable {
    case counter, gauge, unknown, histogram, summary
}

/// How a line starts: the name, and where the labels belong. Names outside the classic alphabet stand in quotes among
/// the labels.
struct SampleName: Sendable {
    /// In front of labels: `name{` or `{"name",`.
    let open: [UInt8]
    /// Instead, when there are none: `name ` or `{"name"} `.
    let bare: [UInt8]

    init(_ name: [UInt8]) {
        if NameAlphabet.metric.isValid(name) {
            open = name + [UInt8(ascii: "{")]
            bare = name + [.space]
        } else {
            var quoted = [UInt8(ascii: "{")]
            quoted.append(quoted: name)
            open = quoted + [.comma]
            bare = quoted + [UInt8(ascii: "}"), .space]
        }
    }
}

/// A family as one scrape format shows it: metadata lines and line starts, rendered once.
final class FamilyText: Sendable {
    /// The HELP, TYPE and UNIT lines; in protobuf, the message's fields in front of its metrics.
    let metadata: [UInt8]
    /// Of a number, or of a summary's quantiles.
    let plain: SampleName
    let bucket: SampleName
    let sum: SampleName
    let count: SampleName
    let created: SampleName
    /// Counters whose name lacks `_total` are `unknown` in OpenMetrics (conformance 113).
    let isCounter: Bool
    /// Whether a series is several lines: histograms and summaries.
    let hasParts: Bool
    /// The names that this family's samples and metadata take: nobody else's may be equal (conformance 170).
    let claims: [[UInt8]]

    /// - Parameters:
    ///   - name: by the translation strategy; counters with their `_total`.
    ///   - unit: the unit's words, `seconds`; nil for none.
    init(name: [UInt8], kind: FamilyKind, help: [UInt8], unit: [UInt8]?, _ scrape: ScrapeFormat) {
        let shown = scrape.escaping.escaped(name, .metric)
        let isOpenMetrics = scrape.format == .openMetrics
        let total = Array("_total" as StaticString)
        let isCounter = kind == .counter && (!isOpenMetrics || shown.hasSuffix(total) && shown.count > total.count)
        let family = isOpenMetrics && isCounter ? Array(shown.dropLast(total.count)) : shown
        let suffixed: (StaticString) -> [UInt8] = { family + Array($0) }

        self.isCounter = isCounter
        hasParts = kind == .histogram || kind == .summary
        plain = SampleName(shown)
        bucket = SampleName(suffixed("_bucket"))
        sum = SampleName(suffixed("_sum"))
        count = SampleName(suffixed("_count"))
        created = SampleName(suffixed("_created"))
        switch kind {
        case .histogram:
            claims = [family, suffixed("_bucket"), suffixed("_sum"), suffixed("_count"), suffixed("_created")]
        case .summary: claims = [family, suffixed("_sum"), suffixed("_count"), suffixed("_created")]
        case .counter where isOpenMetrics && isCounter: claims = [family, shown, suffixed("_created")]
        case .counter, .gauge, .unknown: claims = [shown]
        }

        if scrape.format == .protobuf {
            let base = kind == .counter && shown.hasSuffix(total) ? Array(shown.dropLast(total.count)) : shown
            let unit = unit.flatMap { base.hasSuffix([.underscore] + $0) ? $0 : nil }
            metadata = serialized { $0.family(name: shown, help: help, type: MessageType(kind), unit: unit) }
            return
        }
        let type = Self.typeWord(kind, isCounter: isCounter, scrape.format)
        var lines: [UInt8] = []
        if !help.isEmpty {
            lines.append(metadata: "HELP", family, escapedHelp(help, quotes: isOpenMetrics))
        }
        lines.append(metadata: "TYPE", family, Array(type))
        // A unit must be the end of the family's name (conformance 106, 172).
        if isOpenMetrics, let unit, family.hasSuffix([.underscore] + unit) {
            lines.append(metadata: "UNIT", family, unit)
        }
        metadata = lines
    }

    private static func typeWord(_ kind: FamilyKind, isCounter: Bool, _ format: ExpositionFormat) -> StaticString {
        switch kind {
        case .counter where isCounter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        case .summary: "summary"
        case .counter, .unknown: format == .openMetrics ? "unknown" : "untyped"
        }
    }
}

/// A description as HELP shows it (conformance 175).
private func escapedHelp(_ help: [UInt8], quotes: Bool) -> [UInt8] {
    var result: [UInt8] = []
    for byte in help {
        switch byte {
        case .backslash: result += [.backslash, .backslash]
        case .lineFeed: result += [.backslash, UInt8(ascii: "n")]
        case .quote where quotes: result += [.backslash, .quote]
        default: result.append(byte)
        }
    }
    return result
}

extension Array where Element == UInt8 {
    /// One metadata line: `# TYPE name word`.
    mutating func append(metadata keyword: StaticString, _ name: [UInt8], _ content: [UInt8]) {
        append(contentsOf: Array("# \(keyword) "))
        if NameAlphabet.metric.isValid(name) {
            append(contentsOf: name)
        } else {
            append(quoted: name)
        }
        append(.space)
        append(contentsOf: content)
        append(.lineFeed)
    }
}

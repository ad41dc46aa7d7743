/// What a family is shown as.
enum FamilyKind: Sendable {
    case counter, gauge, unknown, histogram, summary
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
    /// Only in OpenMetrics.
    let created: SampleName
    /// Counters whose name lacks `_total` are `unknown` in OpenMetrics (conformance 113).
    let isCounter: Bool
    /// Whether a series is several lines: histograms and summaries.
    let hasParts: Bool
    /// The names that this family's samples and metadata take: nobody else's may be equal (conformance 170).
    let claims: [[UInt8]]

    /// - Parameters:
    ///   - shown: the name by the translation strategy, after escaping; counters with their `_total`.
    ///   - unit: the unit's words, `seconds`; nil for none.
    init(shown: [UInt8], kind: FamilyKind, help: [UInt8], unit: [UInt8]?, _ format: ExpositionFormat) {
        let isOpenMetrics = format == .openMetrics
        let total = Array("_total" as StaticString)
        let isCounter = kind == .counter && (!isOpenMetrics || shown.hasSuffix(total) && shown.count > total.count)
        let family = isOpenMetrics && isCounter ? Array(shown.dropLast(total.count)) : shown
        let suffixed: (StaticString) -> [UInt8] = { family + Array($0) }

        self.isCounter = isCounter
        hasParts = kind == .histogram || kind == .summary
        let isText = format != .protobuf
        let hasCreated = isOpenMetrics && (hasParts || isCounter)
        plain = isText && kind != .histogram ? SampleName(shown) : .none
        bucket = isText && kind == .histogram ? SampleName(suffixed("_bucket")) : .none
        sum = isText && hasParts ? SampleName(suffixed("_sum")) : .none
        count = isText && hasParts ? SampleName(suffixed("_count")) : .none
        created = hasCreated ? SampleName(suffixed("_created")) : .none
        switch kind {
        case .histogram:
            claims = [family, suffixed("_bucket"), suffixed("_sum"), suffixed("_count"), suffixed("_created")]
        case .summary: claims = [family, suffixed("_sum"), suffixed("_count"), suffixed("_created")]
        case .counter where isOpenMetrics && isCounter: claims = [family, shown, suffixed("_created")]
        case .counter, .gauge, .unknown: claims = [shown]
        }

        if format == .protobuf {
            let base = kind == .counter && shown.hasSuffix(total) ? Array(shown.dropLast(total.count)) : shown
            let unit = unit.flatMap { base.hasSuffix([.underscore] + $0) ? $0 : nil }
            metadata = serialized { $0.family(name: shown, help: help, type: MessageType(kind), unit: unit) }
            return
        }
        // A unit must be the end of the family's name (conformance 106, 172).
        let hasUnit = unit.map { isOpenMetrics && family.hasSuffix([.underscore] + $0) } ?? false
        metadata = metadataLines(
            family, type: Self.typeWord(kind, isCounter: isCounter, format), unit: hasUnit ? unit : nil, help: help,
            format)
    }

    /// About how much memory it takes, in bytes.
    var size: Int {
        let names = [plain, bucket, sum, count, created].map(\.open)
        return ([metadata] + names + claims).reduce(256) { $0 + $1.capacity + 32 }
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

/// The metadata of a family. OpenMetrics wants the description last (conformance 171), text 0.0.4 has it first by
/// custom.
func metadataLines(
    _ name: [UInt8], type: StaticString, unit: [UInt8]?, help: [UInt8], _ format: ExpositionFormat
) -> [UInt8] {
    let isOpenMetrics = format == .openMetrics
    var description: [UInt8] = []
    if !help.isEmpty { description.append(metadata: "HELP", name, escapedHelp(help, quotes: isOpenMetrics)) }
    var rest: [UInt8] = []
    rest.append(metadata: "TYPE", name, Array(type))
    if let unit { rest.append(metadata: "UNIT", name, unit) }
    return isOpenMetrics ? rest + description : description + rest
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
    fileprivate mutating func append(metadata keyword: StaticString, _ name: [UInt8], _ content: [UInt8]) {
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

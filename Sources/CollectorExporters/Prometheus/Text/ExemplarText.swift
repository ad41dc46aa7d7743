import CollectorCore
import OTLPWire

/// Renders exemplars for OpenMetrics (conformance 146 to 148, 154 to 156).
struct ExemplarText: Sendable {
    /// Code points of all label names and values together.
    private static let limit = 128
    /// Where labels start in a rendered exemplar.
    static let labelsStart = 4
    private static let traceLabel = Array("trace_id" as StaticString)
    private static let spanLabel = Array("span_id" as StaticString)

    private let namer: LabelNamer

    init(namer: LabelNamer) {
        self.namer = namer
    }

    /// ` # {trace_id="…",span_id="…",key="value"} 0.25 1700000000.5`; without the time when that is 0.
    ///
    /// The ids come first and always; attributes follow as long as they fit. One with a NUL byte is left out: OpenMetrics
    /// allows it, but Prometheus gives the whole scrape up.
    /// - Returns: also how many attributes were left out.
    func render(
        traceID: TraceID, spanID: UInt64, value: StoredNumber, time: UInt64, attributes: [AttributePair]
    ) -> (text: [UInt8], trimmed: Int) {
        var pairs: [LabelPair] = []
        if !traceID.isZero { pairs.append(LabelPair(name: Self.traceLabel, value: Array(traceID.description))) }
        if spanID != 0 { pairs.append(LabelPair(name: Self.spanLabel, value: Array(hexadecimal(spanID)))) }
        var room = Self.limit - pairs.reduce(0) { $0 + Self.codePoints($1) }
        var trimmed = 0
        for attribute in attributes where !attribute.value.isEmpty {
            guard let name = namer.name(attribute.key).map({ EscapingScheme.underscores.escapedLabel($0) }),
                name != Self.traceLabel, name != Self.spanLabel, !pairs.contains(where: { $0.name == name })
            else {
                trimmed += 1
                continue
            }
            let pair = LabelPair(name: name, value: attribute.value)
            let size = Self.codePoints(pair)
            guard size <= room, !pair.value.contains(0) else {
                trimmed += 1
                continue
            }
            room -= size
            pairs.append(pair)
        }
        return (Self.line(pairs, value, time), trimmed)
    }

    private static func codePoints(_ pair: LabelPair) -> Int {
        (pair.name + pair.value).reduce(0) { $0 + ($1.isUTF8Continuation ? 0 : 1) }
    }

    private static func line(_ pairs: [LabelPair], _ value: StoredNumber, _ time: UInt64) -> [UInt8] {
        var text = Array(" # {" as StaticString)
        for (position, pair) in pairs.enumerated() {
            if position > 0 { text.append(.comma) }
            text.append(labelName: pair.name)
            text.append(contentsOf: [UInt8(ascii: "="), .quote])
            text.append(labelValue: pair.value)
            text.append(.quote)
        }
        text.append(contentsOf: Array("} " as StaticString))
        text.append(value, .openMetrics)
        if time > 0 {
            text.append(.space)
            text.append(seconds: time)
        }
        return text
    }
}

extension Array where Element == UInt8 {
    mutating func append(_ number: StoredNumber, _ style: NumberStyle) {
        switch number {
        case .int(let value): append(decimal: value)
        case .double(let value): append(number: value, style)
        }
    }
}

import CollectorCore

/// `string_attribute`: traces with a span or resource that has a string attribute with one of the values, or with a value
/// that one of the regular expressions matches. Only strings match; the empty one never does unless an expression says so.
struct StringAttributeSettings: PolicySettings {
    static let type = "string_attribute"

    private let key: String
    private let values: [String]
    private let isInverted: Bool
    private var expressions: [RegularExpression] = []
    private let usesExpressions: Bool

    init(_ section: ConfigReader) {
        key = section.requiredString("key", example: "http.route")
        let before = section.diagnostics.all.count
        let placed = section.placedStrings("values")
        let values = placed.map(\.text)
        usesExpressions = section.bool("enabled_regex_matching", default: false)
        // Matching needs no cache here.
        section.hint("cache_max_size")
        isInverted = section.bool("invert_match", default: false)
        // An empty expression matches everything; an empty text is ignored, as in the OpenTelemetry Collector.
        self.values = usesExpressions ? values : values.filter { !$0.isEmpty }
        if self.values.isEmpty, section.diagnostics.all.count == before {
            section.error("values", "must have at least one value that is not empty, for example `[/health, /ready]`")
        }
        if usesExpressions { compile(placed, section) }
    }

    private mutating func compile(_ values: [(text: String, node: ConfigNode)], _ section: ConfigReader) {
        for (text, node) in values {
            do throws(RegularExpressionError) {
                expressions.append(try RegularExpression(text))
            } catch {
                section.error(
                    at: node,
                    "\(error); expected RE2 syntax, where special characters stand for themselves after a backslash, "
                        + "as in `\\(`")
            }
        }
    }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy {
        let condition: SpanCondition
        if usesExpressions {
            condition = .pattern(key: Array(key.utf8), PatternList(expressions: expressions))
        } else {
            condition = .text(key: Array(key.utf8), oneOf: Set(values.map { Array($0.utf8) }))
        }
        let relation = usesExpressions ? "matching" : "="
        return ConditionPolicy(
            bit: builder.bit(condition), isInverted: isInverted,
            condition: "span or resource has \(key) \(relation) \(ConditionPolicy.anyOf(values))")
    }
}

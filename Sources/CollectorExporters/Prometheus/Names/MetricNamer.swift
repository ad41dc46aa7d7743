// From an OTLP metric's name, unit and type to the name of its family, before any scrape's escaping. The rules are
// those of the namer that Prometheus and the OpenTelemetry Collector share: the unit is added unless it stands among
// the name's words already, `total` comes last on counters, `ratio` on gauges of unit 1. One thing is better: a rate
// that the name ends with is not added again.

/// What a name depends on besides name and unit.
enum NamedType {
    case gauge
    case counter
    /// Non-monotonic sums, histograms, summaries: no type suffix.
    case other
}

/// Names metric families by one strategy and namespace.
struct MetricNamer: Sendable {
    let strategy: TranslationStrategy
    private let namespace: String

    init(strategy: TranslationStrategy, namespace: String) {
        self.strategy = strategy
        self.namespace = namespace
    }

    /// The family's name; nil when nothing of the name is left (conformance 97).
    func name(_ name: String, unit: String, type: NamedType) -> [UInt8]? {
        switch strategy {
        case .underscoreEscapingWithSuffixes: wordsName(name, unit: unit, type: type)
        case .underscoreEscapingWithoutSuffixes: plainName(name)
        case .noUTF8EscapingWithSuffixes: name.isEmpty ? nil : suffixedName(rawName(name), unit: unit, type: type)
        case .noTranslation: name.isEmpty ? nil : rawName(name)
        }
    }

    /// The name of the target metadata's family; `target_info` after the namespace.
    var targetInfoName: [UInt8] {
        strategy.keepsUTF8 ? rawName("target_info") : plainName("target_info") ?? Array("target_info" as StaticString)
    }

    private func rawName(_ name: String) -> [UInt8] {
        Array((namespace.isEmpty ? name : "\(namespace)_\(name)").utf8)
    }

    private func wordsName(_ name: String, unit: String, type: NamedType) -> [UInt8]? {
        var words = tokens(Array(name.utf8))
        guard !words.isEmpty else { return nil }
        let suffix = UnitSuffix(unit)
        let rate = suffix.per.isEmpty ? [] : [Array("per" as StaticString), Array(suffix.per)]
        let hasRate = !rate.isEmpty && words.count > 2 && words.suffix(2).elementsEqual(rate)
        if !suffix.main.isEmpty, !words.contains(Array(suffix.main)) { words.append(Array(suffix.main)) }
        if !hasRate { words += rate }
        switch type {
        case .counter: words = moved("total", words)
        case .gauge where unit == "1": words = moved("ratio", words)
        case .gauge, .other: break
        }
        return legacy(tokens(Array(namespace.utf8)) + words)
    }

    /// The words with this one at the end only.
    private func moved(_ word: StaticString, _ words: [[UInt8]]) -> [[UInt8]] {
        words.filter { $0 != Array(word) } + [Array(word)]
    }

    private func legacy(_ words: [[UInt8]]) -> [UInt8] {
        let name = Array(words.joined(separator: [.underscore]))
        return name.first?.isASCIIDigit == true ? [.underscore] + name : name
    }

    private func plainName(_ name: String) -> [UInt8]? {
        let parts = [namespace, name].map { part in
            part.utf8.split { !($0.isASCIIAlphanumeric || $0 == .colon || $0 == .underscore) }.map(Array.init)
        }
        guard parts[1].contains(where: { $0.contains { $0 != .underscore } }) else { return nil }
        return legacy(parts[0] + parts[1])
    }

    private func suffixedName(_ name: [UInt8], unit: String, type: NamedType) -> [UInt8] {
        let suffix = UnitSuffix(unit)
        let typeSuffix: [UInt8]? =
            switch type {
            case .counter: Array("total" as StaticString)
            case .gauge where unit == "1": Array("ratio" as StaticString)
            case .gauge, .other: nil
            }
        let unitSuffixes = [Array(suffix.main), suffix.per.isEmpty ? [] : Array("per_\(suffix.per)")]
        // What stands at the end already is taken off, outermost first, and everything is put back in order.
        var name = name
        for ending in ([typeSuffix ?? []] + unitSuffixes.reversed()) where !ending.isEmpty { trim(ending, &name) }
        for ending in unitSuffixes + [typeSuffix ?? []] where !ending.isEmpty { name += [.underscore] + ending }
        return name
    }

    private func trim(_ ending: [UInt8], _ name: inout [UInt8]) {
        guard name.count > ending.count + 1, name.hasSuffix(ending) else { return }
        let delimiter = name[name.count - ending.count - 1]
        guard !delimiter.isASCIIAlphanumeric, delimiter < 0x80 else { return }
        name.removeLast(ending.count + 1)
    }
}

// The labels of one series as lines show them. A set is put together from attributes of the resource, the scope and the
// point, from constant labels and from those that the exporter makes up (`job`, `otel_scope_name`). Keys that give the
// same name are joined (conformance 116, 117); labels with an empty value are left out, since they mean the same as
// none (conformance 119).

/// One attribute on its way to a label.
struct LabelEntry: Sendable {
    /// As sent; decides the order of joined values.
    var key: [UInt8]
    var name: [UInt8]
    var value: [UInt8]
}

struct LabelPair: Sendable, Equatable {
    var name: [UInt8]
    var value: [UInt8]
}

/// Finished labels, sorted by name.
struct LabelSet: Sendable {
    let pairs: [LabelPair]
    /// Each label as `name="value",`, so that another label can follow; names outside the classic alphabet in quotes.
    let block: [UInt8]
    /// Whether every name is in the classic alphabet: then all escaping schemes show the same block.
    let isClassic: Bool
    /// How many names had to be joined.
    let joinedCount: Int

    /// About how much memory it takes as a series keeps it, in bytes.
    var size: Int { isClassic ? block.count : 4 * block.count + MemoryCost.label * pairs.count }

    init(_ entries: [LabelEntry]) {
        var joined = 0
        pairs = Self.joined(entries, &joined)
        joinedCount = joined
        isClassic = pairs.allSatisfy { NameAlphabet.label.isValid($0.name) }
        block = Self.block(pairs)
    }

    /// The block for a scraper that wants this scheme; names that collide by escaping are joined as well.
    func block(_ scheme: EscapingScheme) -> [UInt8] {
        if isClassic || scheme == .allowUTF8 { return block }
        var joined = 0
        return Self.block(
            Self.joined(
                pairs.map { LabelEntry(key: $0.name, name: scheme.escaped($0.name, .label), value: $0.value) }, &joined)
        )
    }

    private static func joined(_ entries: [LabelEntry], _ joinedCount: inout Int) -> [LabelPair] {
        let sorted = entries.filter { !$0.value.isEmpty }.sorted { left, right in
            left.name == right.name ? precedes(left.key, right.key) : precedes(left.name, right.name)
        }
        var pairs: [LabelPair] = []
        var values: Set<[UInt8]> = []
        for entry in sorted {
            if pairs.last?.name == entry.name {
                joinedCount += 1
                guard values.insert(entry.value).inserted else { continue }
                pairs[pairs.count - 1].value += [UInt8(ascii: ";")] + entry.value
            } else {
                pairs.append(LabelPair(name: entry.name, value: entry.value))
                values = [entry.value]
            }
        }
        return pairs
    }

    private static func block(_ pairs: [LabelPair]) -> [UInt8] {
        var block: [UInt8] = []
        for pair in pairs {
            block.append(labelName: pair.name)
            block += [UInt8(ascii: "="), .quote]
            block.append(labelValue: pair.value)
            block += [.quote, .comma]
        }
        return block
    }
}

extension Array where Element == UInt8 {
    mutating func append(labelName name: [UInt8]) {
        if NameAlphabet.label.isValid(name) {
            append(contentsOf: name)
        } else {
            append(quoted: name)
        }
    }

    mutating func append(quoted name: [UInt8]) {
        append(.quote)
        append(labelValue: name)
        append(.quote)
    }

    /// Escapes backslashes, quotes and line feeds (conformance 128).
    mutating func append(labelValue value: [UInt8]) {
        for byte in value {
            switch byte {
            case .backslash, .quote: append(contentsOf: [.backslash, byte])
            case .lineFeed: append(contentsOf: [.backslash, UInt8(ascii: "n")])
            default: append(byte)
            }
        }
    }
}

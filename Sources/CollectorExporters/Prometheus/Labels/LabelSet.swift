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

    /// By name, and by key among equal names.
    static func areInOrder(_ left: LabelEntry, _ right: LabelEntry) -> Bool {
        left.name == right.name ? precedes(left.key, right.key) : precedes(left.name, right.name)
    }
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

    /// About how much memory it takes as a series keeps it, in bytes: of what is not classic also the blocks of three
    /// escaping schemes, two of which make names up to five times as long.
    var size: Int {
        isClassic
            ? block.count : 4 * block.count + pairs.reduce(0) { $0 + 8 * $1.name.count } + MemoryCost.escapedSeries
    }

    init(_ entries: [LabelEntry]) {
        var joined = 0
        pairs = Self.joined(entries, &joined)
        joinedCount = joined
        isClassic = pairs.allSatisfy { NameAlphabet.label.isValid($0.name) }
        block = Self.block(pairs)
    }

    /// The block for a scraper that wants this scheme; names that collide by escaping are joined as well.
    func block(_ scheme: EscapingScheme) -> [UInt8] {
        isClassic || scheme == .allowUTF8 ? block : Self.escaped(block, scheme).block
    }

    /// What a scheme makes of a block, and how many names it has to join.
    static func escaped(_ block: [UInt8], _ scheme: EscapingScheme) -> (block: [UInt8], joinedCount: Int) {
        var entries: [LabelEntry] = []
        var reader = LabelReader(position: 0)
        while reader.next(block) {
            let name = block.unescapedLabel(reader.name)
            entries.append(
                LabelEntry(key: name, name: scheme.escapedLabel(name), value: block.unescapedLabel(reader.value)))
        }
        var joinedCount = 0
        let pairs = joined(entries, &joinedCount)
        return (self.block(pairs), joinedCount)
    }

    private static func joined(_ entries: [LabelEntry], _ joinedCount: inout Int) -> [LabelPair] {
        let sorted = entries.filter { !$0.value.isEmpty }.sorted(by: LabelEntry.areInOrder)
        var pairs: [LabelPair] = []
        // Of the name under way, as soon as there is more than one.
        var values: Set<[UInt8]> = []
        for entry in sorted {
            if pairs.last?.name == entry.name {
                joinedCount += 1
                if values.isEmpty, let first = pairs.last { values = [first.value] }
                guard values.insert(entry.value).inserted else { continue }
                pairs[pairs.count - 1].value += [UInt8(ascii: ";")] + entry.value
            } else {
                pairs.append(LabelPair(name: entry.name, value: entry.value))
                if !values.isEmpty { values = [] }
            }
        }
        return pairs
    }

    private static func block(_ pairs: [LabelPair]) -> [UInt8] {
        var block: [UInt8] = []
        // A series keeps the block: without room to spare, but for what escaping adds.
        block.reserveCapacity(pairs.reduce(0) { $0 + $1.name.count + $1.value.count + 4 })
        for pair in pairs {
            block.append(labelName: pair.name)
            block += [UInt8(ascii: "="), .quote]
            block.append(labelValue: pair.value)
            block += [.quote, .comma]
        }
        return block
    }
}

/// A block of labels, or another text, as the key of a table: hashed as one piece of memory, where an array of bytes
/// would be hashed byte by byte, also for every key of a table that grows.
struct LabelKey: Hashable {
    let block: [UInt8]

    func hash(into hasher: inout Hasher) {
        // unsafe: the bytes are used within the call.
        unsafe block.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
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

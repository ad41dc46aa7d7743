/// A field's name as words: `droppedAttributesCount` → `Dropped attributes count`, `traceId` → `Trace ID`.
struct DebugLabel {
    let text: String
    /// Whether the field counts nanoseconds since 1970; the unit is left out of the text then.
    let isTime: Bool

    init(_ jsonName: String) {
        var words: [String] = [""]
        for character in jsonName {
            if character.isUppercase {
                words.append(character.lowercased())
            } else {
                words[words.count - 1].append(character)
            }
        }
        isTime = words.suffix(3).elementsEqual(["time", "unix", "nano"])
        if isTime { words.removeLast(2) }
        words = words.map { $0 == "id" || $0 == "url" ? $0.uppercased() : $0 }
        words[0] = words[0].prefix(1).uppercased() + words[0].dropFirst()
        text = words.joined(separator: " ")
    }
}

/// The candidate most likely meant by a misspelt `word`, or nil when none is near enough.
///
/// Case and the choice between `-`, `_` and nothing do not count, so `numConsumers` finds `num_consumers`; beyond that
/// one edit per three letters is forgiven, a swap of neighbours being one edit. Ties go to the earlier candidate.
package func didYouMean(_ word: String, among candidates: some Sequence<String>) -> String? {
    // Longer words are no typing mistakes, and their distance costs quadratic time.
    guard word.utf8.count <= 64 else { return nil }
    let wanted = normalized(word)
    var best: (candidate: String, distance: Int)?
    for candidate in candidates where candidate != word && candidate.utf8.count <= 64 {
        let other = normalized(candidate)
        let allowed = max(1, max(wanted.count, other.count) / 3)
        // A single edit turns any one-letter word into any other; that is no hint.
        guard wanted == other || min(wanted.count, other.count) > 1 else { continue }
        let distance = editDistance(wanted, other)
        if distance <= allowed, distance < best?.distance ?? .max {
            best = (candidate, distance)
        }
    }
    return best?.candidate
}

/// `; did you mean `x`?`, or else `; known here: a, b` with at most a dozen names, or nothing.
package func suggestion(for word: String, among candidates: [String]) -> String {
    if let meant = didYouMean(word, among: candidates) { return "; did you mean `\(meant)`?" }
    guard !candidates.isEmpty else { return "" }
    let shown = candidates.sorted().prefix(12).joined(separator: ", ")
    return "; known here: \(shown)\(candidates.count > 12 ? ", …" : "")"
}

private func normalized(_ word: String) -> [UInt8] {
    word.lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
}

/// Edits (insert, delete, replace, swap neighbours) that turn one word into the other: optimal string alignment.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            var cost = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
            row.append(cost)
        }
        beforeLast = last
        last = row
    }
    return last[b.count]
}

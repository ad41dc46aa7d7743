// Compares two expositions by what they mean: order, spelling of numbers and empty labels do not matter. The rules are
// those the recordings come with.

struct ExpositionDifference: CustomStringConvertible {
    var family: String
    var message: String

    var description: String { "\(family): \(message)" }
}

private struct NormalFamily {
    var type: String
    var help: String
    var samples: [String: Exposition.Sample] = [:]
}

/// What differs, family by family.
func differences(expected: Exposition, actual: Exposition) -> [ExpositionDifference] {
    let expected = normal(expected)
    let actual = normal(actual)
    var result: [ExpositionDifference] = []
    for name in Set(expected.keys).union(actual.keys).sorted() {
        guard let left = expected[name] else {
            result.append(ExpositionDifference(family: name, message: "is not expected"))
            continue
        }
        guard let right = actual[name] else {
            result.append(ExpositionDifference(family: name, message: "is missing"))
            continue
        }
        result += differences(name, left, right).map { ExpositionDifference(family: name, message: $0) }
    }
    return result
}

private func differences(_ name: String, _ expected: NormalFamily, _ actual: NormalFamily) -> [String] {
    var result: [String] = []
    if expected.type != actual.type { result.append("type \(actual.type), expected \(expected.type)") }
    if expected.help != actual.help { result.append("help '\(actual.help)', expected '\(expected.help)'") }
    for key in Set(expected.samples.keys).union(actual.samples.keys).sorted() {
        guard let left = expected.samples[key] else {
            result.append("unexpected sample \(key)")
            continue
        }
        guard let right = actual.samples[key] else {
            result.append("missing sample \(key)")
            continue
        }
        if !areEqual(left.value, right.value) { result.append("\(key): \(right.value), expected \(left.value)") }
        if !areClose(left.time, right.time) {
            result.append("\(key): time \(right.time.debugDescription), expected \(left.time.debugDescription)")
        }
        if !areEqual(left.exemplar, right.exemplar) {
            result.append("\(key): exemplar \(text(right.exemplar)), expected \(text(left.exemplar))")
        }
    }
    return result
}

private func normal(_ exposition: Exposition) -> [String: NormalFamily] {
    var result: [String: NormalFamily] = [:]
    for family in exposition.families {
        guard let first = family.samples.first else { continue }
        var normal = NormalFamily(type: family.type ?? "unknown", help: family.help ?? "")
        if normal.type == "untyped" { normal.type = "unknown" }
        for sample in family.samples { normal.samples[key(of: sample)] = sample }
        if family.samples.allSatisfy({ $0.name.hasSuffix("target_info") }) {
            // The gauge of one format and the info family of the other are the same thing.
            (normal.type, normal.help) = ("target info", "")
            result[first.name] = normal
        } else {
            result[family.name] = normal
        }
    }
    return result
}

/// Name and labels; an empty label counts as none, bounds as numbers.
private func key(of sample: Exposition.Sample) -> String {
    let labels = sample.labels.filter { !$0.value.isEmpty }.map { label in
        let isBound = label.name == "le" || label.name == "quantile"
        let value = isBound ? bound(label.value) : label.value
        return "\(label.name)=\(value)"
    }
    return "\(sample.name){\(labels.sorted().joined(separator: ","))}"
}

private func bound(_ text: String) -> String {
    switch text {
    case "+Inf": "inf"
    case "-Inf": "-inf"
    default: Double(text).map(\.description) ?? text
    }
}

private func areEqual(_ left: Double, _ right: Double) -> Bool {
    left == right || left.isNaN && right.isNaN
}

/// Within two microseconds.
private func areClose(_ left: Double?, _ right: Double?) -> Bool {
    guard let left, let right else { return left == nil && right == nil }
    return abs(left - right) <= 2e-6
}

private func text(_ exemplar: Exposition.Exemplar?) -> String {
    guard let exemplar else { return "none" }
    let labels = exemplar.labels.map { "\($0.name)=\($0.value)" }.sorted()
    return "{\(labels.joined(separator: ","))} \(exemplar.value)"
}

private func areEqual(_ left: Exposition.Exemplar?, _ right: Exposition.Exemplar?) -> Bool {
    guard let left, let right else { return left == nil && right == nil }
    return left.labels == right.labels && areEqual(left.value, right.value) && areClose(left.time, right.time)
}

// UCUM units as the words Prometheus uses (conformance 98, 99, 101, 102). Where the compatibility specification and the
// namer that Prometheus and the OpenTelemetry Collector share disagree (`TiBy`, `kBy`), names follow the namer, so
// dashboards carry over.

/// The words of a unit: `By/s` is `bytes` and `second`.
struct UnitSuffix: Equatable {
    /// Empty when there is none.
    var main: String
    /// The word after `per`; empty when there is none.
    var per: String

    init(_ unit: String) {
        let parts = unit.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        main = Self.word(parts.first ?? "", Self.words)
        per = parts.count > 1 ? Self.word(parts[1], Self.rateWords) : ""
    }

    /// Both words as one suffix: `bytes_per_second`; nil when there are none.
    var joined: String? {
        let words = [main, per.isEmpty ? "" : "per_\(per)"].filter { !$0.isEmpty }
        return words.isEmpty ? nil : words.joined(separator: "_")
    }

    private static func word(_ part: Substring, _ words: [String: String]) -> String {
        let symbol = withoutAnnotations(part)
        if let word = words[symbol] { return word }
        return tokens(Array(symbol.utf8)).map(\.text).joined(separator: "_")
    }

    /// Braces hold remarks such as `{packet}` and never count.
    private static func withoutAnnotations(_ part: Substring) -> String {
        var depth = 0
        var symbol = ""
        for scalar in part.unicodeScalars {
            switch scalar {
            case "{": depth += 1
            case "}": depth = max(0, depth - 1)
            case " ", "\t": break
            default: if depth == 0 { symbol.unicodeScalars.append(scalar) }
            }
        }
        return symbol
    }

    private static let words: [String: String] = [
        "d": "days", "h": "hours", "min": "minutes", "s": "seconds", "ms": "milliseconds", "us": "microseconds",
        "ns": "nanoseconds", "By": "bytes", "KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes",
        "TiBy": "tibibytes", "KBy": "kilobytes", "MBy": "megabytes", "GBy": "gigabytes", "TBy": "terabytes",
        "m": "meters", "V": "volts", "A": "amperes", "J": "joules", "W": "watts", "g": "grams", "Cel": "celsius",
        "Hz": "hertz", "1": "", "%": "percent",
    ]

    private static let rateWords: [String: String] = [
        "s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year",
    ]
}

/// The runs of letters, digits and colons in a name.
func tokens(_ name: [UInt8]) -> [[UInt8]] {
    name.split { !($0.isASCIIAlphanumeric || $0 == .colon) }.map(Array.init)
}

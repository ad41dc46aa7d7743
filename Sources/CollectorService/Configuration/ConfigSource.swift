import CollectorCore
import Glibc

/// Where configuration text comes from, as `--config` and `${…}` name it: a path, `file:PATH`, `env:NAME` or
/// `yaml:TEXT`.
struct ConfigSource {
    enum Location: Equatable {
        case file(path: String)
        /// `fallback` is what stands after `:-`.
        case environment(name: String, fallback: String?)
        case inline(yaml: String)
    }

    /// Larger files are refused: a configuration of this size is a mistake, and reading `/dev/zero` must end.
    static let largestText = 4 * 1024 * 1024

    let location: Location

    /// What `--config` takes. A text without a scheme is a path.
    init(uri: String) throws(ConfigMistake) {
        guard let scheme = Self.scheme(of: uri) else {
            self.init(location: .file(path: uri))
            return
        }
        try self.init(scheme: String(scheme), rest: String(uri.dropFirst(scheme.count + 1)))
    }

    /// What stands between `${` and `}`. A text without a scheme names an environment variable.
    init(reference: String) throws(ConfigMistake) {
        guard let scheme = Self.scheme(of: reference), !reference.dropFirst(scheme.count).hasPrefix(":-") else {
            try self.init(scheme: "env", rest: reference)
            return
        }
        try self.init(scheme: String(scheme), rest: String(reference.dropFirst(scheme.count + 1)))
    }

    private init(location: Location) {
        self.location = location
    }

    private init(scheme: String, rest: String) throws(ConfigMistake) {
        switch scheme.lowercased() {
        case "file": self.init(location: .file(path: rest))
        case "yaml": self.init(location: .inline(yaml: rest))
        case "env": self.init(location: try Self.environment(rest))
        default:
            let hint = suggestion(for: scheme, among: ["env", "file", "yaml"])
            throw ConfigMistake("the scheme `\(scheme):` is not supported\(hint)")
        }
    }

    private static func environment(_ text: String) throws(ConfigMistake) -> Location {
        var name = text[...]
        var fallback: String?
        // The separator is looked for by hand: `:` may begin it, and the default may contain it again.
        if let colon = text.indices.first(where: { text[$0...].hasPrefix(":-") }) {
            name = text[..<colon]
            fallback = String(text[colon...].dropFirst(2))
        }
        guard isVariableName(name) else {
            throw ConfigMistake(
                "`\(String(name).clipped)` is no name of an environment variable; expected a letter or underscore, "
                    + "then letters, digits and underscores (for a literal `${` write `$${`)")
        }
        return .environment(name: String(name), fallback: fallback)
    }

    private static func isVariableName(_ name: Substring) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return name.unicodeScalars.allSatisfy {
            $0 == "_" || ($0.isASCII && $0.properties.isAlphabetic) || ("0"..."9").contains($0)
        }
    }

    /// The letters before the first colon, when they look like a scheme: at least two, the first a letter.
    private static func scheme(of text: String) -> Substring? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let scheme = text[..<colon]
        guard scheme.utf8.count >= 2, let first = scheme.first, first.isASCII, first.isLetter else { return nil }
        return scheme.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+.-_".contains($0)) } ? scheme : nil
    }

    /// What a person calls this source in a message.
    var label: String {
        switch location {
        case .file(let path): path
        case .environment(let name, _): "env:\(name)"
        case .inline: "yaml"
        }
    }
}

/// Reads a text file whole. The error says why not, in the words of the system.
func readText(path: String) throws(ConfigMistake) -> String {
    guard !path.utf8.contains(0) else { throw ConfigMistake("a path cannot contain a NUL byte") }
    // The path is passed as a C string for the length of the call.
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw ConfigMistake("cannot read `\(path)`: \(systemMessage())") }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
        // The array's own storage, its own length.
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
        if count == 0 { break }
        if count < 0 {
            if errno == EINTR { continue }
            throw ConfigMistake("cannot read `\(path)`: \(systemMessage())")
        }
        bytes += chunk.prefix(count)
        guard bytes.count <= ConfigSource.largestText else {
            throw ConfigMistake("`\(path)` is larger than 4 MiB, too large for a configuration")
        }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
        throw ConfigMistake("`\(path)` is not UTF-8 text")
    }
    return text
}

func systemMessage() -> String {
    // strerror's text is static or thread-local and copied at once.
    guard let message = unsafe strerror(errno) else { return "error \(errno)" }
    return unsafe String(cString: message)
}

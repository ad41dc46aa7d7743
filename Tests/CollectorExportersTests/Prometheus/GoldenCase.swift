import Glibc

// Recordings of an OpenTelemetry Collector 0.156: what it showed for which requests.
// `Tests/Golden/prometheus/NAME.case` is text in parts, each starting with a line `%% KIND …`: the exporter's
// configuration, then requests, waits and scrapes in order.

struct GoldenCase {
    struct Scrape {
        /// `prometheus`, `openmetrics`, or `none` where only the headers were recorded.
        var format: String
        var request: [String: String] = [:]
        var body: [UInt8] = []
        /// Where the recording is no rule.
        var accident: String? { request["accident"] }
    }

    enum Step {
        case post([UInt8], isJSON: Bool)
        case sleep(milliseconds: Int64)
        case scrape(Scrape)
    }

    var name: String
    var config: [(key: String, value: String)] = []
    /// Why the whole case is no rule.
    var accident: String?
    /// Families that are no rule.
    var accidentFamilies: Set<String> = []
    var steps: [Step] = []

    init(named name: String) throws {
        self.name = name
        let content = try readFile("Golden/prometheus/\(name).case")
        var part: [UInt8] = []
        var header: String?
        for line in content.split(separator: 10, omittingEmptySubsequences: false) {
            if line.starts(with: Array("%% ".utf8)) {
                if let header { try add(header, part) }
                header = String(decoding: line.dropFirst(3), as: UTF8.self)
                part = []
            } else {
                part += line + [10]
            }
        }
        // The file ends in a line feed, behind which the split sees one more line.
        if let header { try add(header, Array(part.dropLast())) }
    }

    private mutating func add(_ header: String, _ part: [UInt8]) throws {
        let words = header.split(separator: " ", maxSplits: 1).map(String.init)
        let text = String(decoding: part, as: UTF8.self).split(separator: "\n").map(String.init)
        switch words[0] {
        case "config": config = text.compactMap(pair)
        case "accident": accident = text.first
        case "accident-family": accidentFamilies.insert(words[1])
        case "post": steps.append(.post(part.dropLast(), isJSON: words[1] == "json"))
        case "sleep": steps.append(.sleep(milliseconds: Int64(words[1]) ?? 0))
        case "scrape": steps.append(.scrape(scrape(words[1], part)))
        default: throw ExpositionError("unknown part '\(header)' in case \(name)")
        }
    }

    private func scrape(_ format: String, _ part: [UInt8]) -> Scrape {
        var scrape = Scrape(format: format)
        var rest = part[...]
        while let end = rest.firstIndex(of: 10) {
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            if line.isEmpty { break }
            if let (key, value) = pair(String(decoding: line, as: UTF8.self)) { scrape.request[key] = value }
        }
        scrape.body = Array(rest)
        return scrape
    }

    private func pair(_ line: String) -> (key: String, value: String)? {
        guard let colon = line.firstIndex(of: ":") else { return nil }
        return (String(line[..<colon]), String(line[line.index(after: colon)...].dropFirst()))
    }

    /// The names of all cases.
    static func all() throws -> [String] {
        let directory = "\(testsDirectory())/Golden/prometheus"
        // C directory access: the stream is closed before the function returns.
        guard let stream = unsafe opendir(directory) else { throw ExpositionError("no directory \(directory)") }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            // The name ends in a zero byte.
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".case") { names.append(String(name.dropLast(5))) }
        }
        return names.sorted()
    }
}

/// The directory of all tests.
func testsDirectory(file: String = #filePath) -> String {
    file.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
}

/// A file below the directory of all tests.
func readFile(_ name: String) throws -> [UInt8] {
    let path = "\(testsDirectory())/\(name)"
    // C file access: the stream is closed before the function returns, the buffer belongs to it.
    guard let stream = unsafe fopen(path, "rb") else { throw ExpositionError("no file \(path)") }
    defer { unsafe fclose(stream) }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = unsafe fread(&buffer, 1, buffer.count, stream)
        if count == 0 { return content }
        content += buffer[..<count]
    }
}

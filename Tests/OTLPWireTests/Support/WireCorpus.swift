import Glibc

/// The byte strings of `Tests/Golden/wire/corpus.txt`: one a line, a name and hexadecimal digits; `#` begins a comment.
func wireCorpus() throws -> [(name: String, bytes: Bytes)] {
    let tests = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let text = try readFile("/\(tests)/Golden/wire/corpus.txt")
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
        let words = line.split(separator: " ")
        return (String(words.first ?? ""), bytes(hexadecimal: words.dropFirst().joined()))
    }
}

private func readFile(_ path: String) throws -> String {
    // unsafe: C's file functions; the stream is closed before the function returns.
    guard let stream = unsafe fopen(path, "r") else { throw CannotOpen(path: path) }
    defer { unsafe fclose(stream) }
    var content: Bytes = []
    while case let byte = unsafe getc(stream), byte != EOF { content.append(UInt8(truncatingIfNeeded: byte)) }
    return String(decoding: content, as: UTF8.self)
}

struct CannotOpen: Error {
    var path: String
}

import Glibc

/// A file of test data that could not be read.
package struct MissingGoldenFile: Error {
    package var path: String
    package var code: Int32
}

/// The text of a file under `Tests/Golden`.
package func goldenFile(_ name: String) throws -> String {
    String(decoding: try goldenBytes(name), as: UTF8.self)
}

/// The bytes of a file under `Tests/Golden`.
package func goldenBytes(_ name: String) throws -> [UInt8] {
    // Tests/CollectorTestKit/GoldenFile.swift → Tests
    let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let path = "/\(tests)/Golden/\(name)"
    // unsafe: open(2) takes a C string, made for the call.
    let descriptor = unsafe open(path, O_RDONLY)
    guard descriptor >= 0 else { throw MissingGoldenFile(path: path, code: errno) }
    defer { close(descriptor) }
    var contents: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        // unsafe: read(2) takes a pointer and a size; both are those of the array, which lives across the call.
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { break }
        contents += chunk[..<count]
    }
    return contents
}

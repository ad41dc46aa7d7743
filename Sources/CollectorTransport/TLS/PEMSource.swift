import Glibc
import NIOSSL

/// PEM data of the configuration: a file or the text itself.
struct PEMSource {
    /// The setting it came from, with the file's name where there is one.
    let setting: String
    private let bytes: [UInt8]

    /// Reads the file; nil when neither is given.
    init?(file: String?, text: String?, settings: (file: String, text: String)) throws(ClientTLSError) {
        switch (file, text) {
        case (nil, nil): return nil
        case (.some, .some):
            throw ClientTLSError(
                setting: settings.file, problem: "and \(settings.text) are both set; one of them is right")
        case (let file?, nil):
            setting = "\(settings.file) \(file)"
            do throws(Errno) {
                bytes = try readFile(file)
            } catch {
                throw ClientTLSError(setting: setting, problem: "cannot be read: \(error.text)")
            }
        case (nil, let text?):
            setting = settings.text
            bytes = Array(text.utf8)
        }
    }

    func certificates() throws(ClientTLSError) -> [NIOSSLCertificate] {
        let certificates = (try? NIOSSLCertificate.fromPEMBytes(bytes)) ?? []
        if certificates.isEmpty { throw ClientTLSError(setting: setting, problem: "holds no certificate in PEM form") }
        return certificates
    }

    func privateKey() throws(ClientTLSError) -> NIOSSLPrivateKey {
        do {
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        } catch {
            throw ClientTLSError(setting: setting, problem: "holds no unencrypted private key in PEM form")
        }
    }
}

/// An error number of the C library.
struct Errno: Error, Equatable {
    let code: Int32

    /// The C library's words for it.
    var text: String {
        // unsafe: strerror returns a string of the C library, copied at once.
        unsafe String(cString: strerror(code))
    }
}

/// A small file as bytes.
private func readFile(_ path: String) throws(Errno) -> [UInt8] {
    // unsafe: open takes C varargs.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Errno(code: errno) }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16384)
    while true {
        // unsafe: read fills at most the chunk's own bytes.
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        if count < 0 { throw Errno(code: errno) }
        if count == 0 { return content }
        content.append(contentsOf: chunk[..<count])
    }
}

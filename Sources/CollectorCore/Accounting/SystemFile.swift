import Glibc

/// Small files in which the kernel tells about the machine.
package enum SystemFile {
    /// The first 4 KiB of a file; nil when it cannot be read or is empty.
    package static func text(_ path: String) -> String? {
        // unsafe: open(2) reads the path as a C string; read(2) fills the array it is given, up to its size.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            unsafe count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}

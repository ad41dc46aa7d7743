/// An array of what `body` writes.
///
/// - Parameter capacity: the bytes that will be written, at most.
package func writtenBytes(capacity: Int, _ body: (inout WireWriter) -> Void) -> [UInt8] {
    // unsafe: lends the array's own storage to a writer that stops at its end and counts what it has initialised.
    unsafe [UInt8](unsafeUninitializedCapacity: max(0, capacity)) { buffer, count in
        let output = unsafe OutputRawSpan(buffer: UnsafeMutableRawBufferPointer(buffer), initializedCount: 0)
        var writer = WireWriter(output)
        body(&writer)
        count = writer.count
    }
}

extension [UInt8] {
    /// The bytes of a span.
    init(copying span: Span<UInt8>) {
        self = []
        append(copying: span)
    }

    mutating func append(copying span: Span<UInt8>) {
        // The buffer is valid for the call, and append copies it.
        unsafe span.withUnsafeBufferPointer { buffer in
            unsafe append(contentsOf: buffer)
        }
    }
}

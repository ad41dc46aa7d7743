import NIOCore

/// What moves through a pipeline in one call: the segments of one request, or of several that `batch` merged.
///
/// A request's segments stay apart so that a backend's refusal can be traced to its sender; on the wire they are
/// concatenated, which is how protobuf merges messages.
package struct Batch: Sendable {
    package let signal: Signal
    package var segments: [Segment]
    package let itemCount: Int
    /// Bytes of all bodies, before processors dropped anything.
    package let byteCount: Int

    package init(signal: Signal, segments: [Segment]) {
        self.signal = signal
        self.segments = segments
        self.itemCount = segments.reduce(0) { $0 + $1.itemCount }
        self.byteCount = segments.reduce(0) { $0 + $1.body.readableBytes }
    }

    package var isEmpty: Bool { itemCount == 0 }
}

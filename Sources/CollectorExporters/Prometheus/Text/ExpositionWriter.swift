import CollectorTransport
import NIOCore

/// Collects the lines of one scrape in pieces, compressed or not. What has been taken out is not in memory any more: of
/// a large scrape there is never more than a piece.
struct ExpositionWriter: ~Copyable {
    /// Text of a piece: what is sent at a time, since each piece costs two changes of threads, and less for compression,
    /// to be still in the processor's cache.
    private static let (sentSize, deflatedSize) = (512 << 10, 128 << 10)
    /// Compressed pieces are passed on from this size on.
    private static let compressedSize = 64 << 10
    /// What the last series of a piece may take beyond its size without more memory being asked for.
    private static let spareSize = 16 << 10

    private let pieceSize: Int
    private var piece: ByteSink
    private var prefix = ByteSink(capacity: 1024)
    /// The metrics of the protobuf family under way: how long it is stands in front of it.
    var metrics = ByteSink(capacity: 64)
    /// A number on its way into the piece.
    private var number: [UInt8] = []
    /// A copy of the piece on its way out.
    private var outgoing = ByteBuffer()
    private var compressed = ByteBuffer()
    private var deflater: Deflater?
    /// Zlib has failed: what follows would not fit what was passed on.
    private(set) var hasFailed = false

    /// - Parameter compresses: whether the result is gzip. It is not when zlib cannot get its memory.
    init(compresses: Bool) {
        var deflater = compresses ? Deflater(level: 1) : nil
        let isOpen = deflater?.begin() == true
        self.deflater = isOpen ? consume deflater : nil
        pieceSize = isOpen ? Self.deflatedSize : Self.sentSize
        piece = ByteSink(capacity: pieceSize + Self.spareSize)
    }

    var compresses: Bool { deflater != nil }

    /// The memory of what is written and of what is on its way out, of which two copies may be: one is being sent while
    /// the next one is made.
    var heldBytes: Int {
        piece.capacity + prefix.capacity + metrics.capacity + 2 * outgoing.storageCapacity
            + 2 * compressed.storageCapacity + (compresses ? Self.zlibSize : 0)
    }

    /// What zlib takes to compress.
    private static let zlibSize = 268 << 10

    /// Whether there is enough for `takePiece`; lines that are appended all the same only make it larger.
    var isFull: Bool { piece.count >= pieceSize }

    /// Appends lines, or parts of one.
    mutating func append(_ bytes: borrowing [UInt8]) {
        piece.append(bytes)
    }

    /// Starts a line whose labels are complete; ends it in front of the value.
    mutating func start(_ name: SampleName, _ labels: borrowing [UInt8]) {
        piece.append(name.open)
        if labels.isEmpty, !name.isQuoted { return piece.replaceLast(with: .space) }
        piece.append(labels)
        // What stands here ends in a comma, for lines that go on.
        piece.replaceLast(with: UInt8(ascii: "}"))
        piece.append(.space)
    }

    /// Keeps the start of several lines that end their labels themselves, with `le` or `quantile`.
    mutating func setPrefix(_ name: SampleName, _ labels: borrowing [UInt8]) {
        prefix.removeAll()
        prefix.append(name.open)
        prefix.append(labels)
    }

    mutating func startWithPrefix(_ ends: borrowing LabelEnds, _ line: Int) {
        prefix.copy(to: &piece)
        piece.append(ends.bytes, ends.range(line))
    }

    /// The same with a count behind it.
    mutating func startWithPrefix(_ ends: borrowing LabelEnds, _ line: Int, value: UInt64) {
        piece.appendLine(prefix, ends.bytes, ends.range(line), value)
    }

    mutating func value(_ count: UInt64) {
        piece.append(decimal: count)
    }

    mutating func value(_ value: StoredNumber, _ style: NumberStyle) {
        number.removeAll(keepingCapacity: true)
        number.append(value, style)
        piece.append(number)
    }

    mutating func seconds(_ nanoseconds: UInt64) {
        number.removeAll(keepingCapacity: true)
        number.append(seconds: nanoseconds)
        piece.append(number)
    }

    /// A sample's own time: milliseconds in 0.0.4, seconds in OpenMetrics (conformance 177), to the millisecond in
    /// both, which is what Prometheus keeps.
    mutating func timestamp(_ nanoseconds: UInt64, _ format: ExpositionFormat) {
        piece.append(.space)
        switch format {
        case .prometheus, .protobuf: piece.append(decimal: nanoseconds / 1_000_000)
        case .openMetrics: seconds(nanoseconds / 1_000_000 * 1_000_000)
        }
    }

    mutating func endLine() {
        piece.append(.lineFeed)
    }

    /// Ends a protobuf family; without metrics there is none.
    mutating func endFamily(_ header: borrowing [UInt8]) {
        guard metrics.count > 0 else { return }
        piece.append(varint: UInt64(header.count + metrics.count))
        piece.append(header)
        metrics.copy(to: &piece)
        metrics.removeAll()
    }

    /// Takes out what has been written; nil when the compressed bytes of it are too few to be passed on.
    mutating func takePiece() -> ByteBuffer? {
        // Reuses the memory if the receiver of the last piece is done with it.
        outgoing.clear()
        piece.copy(to: &outgoing)
        piece.removeAll()
        if deflater == nil { return outgoing }
        if deflater?.append(outgoing, to: &compressed) == false { hasFailed = true }
        return compressed.readableBytes >= Self.compressedSize ? takeCompressed() : nil
    }

    /// What is left, with the end of the gzip member.
    mutating func finish() -> ByteBuffer {
        let rest = takePiece()
        guard deflater != nil else { return rest ?? ByteBuffer() }
        if var rest {
            if deflater?.finish(into: &rest) == false { hasFailed = true }
            return rest
        }
        if deflater?.finish(into: &compressed) == false { hasFailed = true }
        return takeCompressed()
    }

    private mutating func takeCompressed() -> ByteBuffer {
        defer {
            compressed = ByteBuffer()
        }
        return compressed
    }
}

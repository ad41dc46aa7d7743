import CollectorTransport
import NIOCore

/// Collects the lines of one scrape in pieces, and compresses each while it is still in the processor's cache, so that
/// the text of a large scrape never exists as a whole when the scraper takes gzip.
struct ExpositionWriter: ~Copyable {
    private static let pieceSize = 128 << 10

    private var piece = ByteSink(capacity: pieceSize + (16 << 10))
    private var prefix = ByteSink(capacity: 1024)
    /// The metrics of the protobuf family under way: how long it is stands in front of it.
    var metrics = ByteSink(capacity: 64)
    /// A number on its way into the piece.
    private var number: [UInt8] = []
    /// A copy of the piece on its way out.
    private var outgoing = ByteBuffer()
    private var output = ByteBuffer()
    private var deflater: Deflater?
    private var textSize = 0
    private var hasFailed = false

    /// - Parameters:
    ///   - expectedSize: the bytes of text to make room for; how many there were last time.
    ///   - compresses: whether the result is gzip.
    init(expectedSize: Int, compresses: Bool) {
        guard compresses else {
            output.reserveCapacity(expectedSize)
            return
        }
        output.reserveCapacity(max(256, expectedSize / 20))
        var deflater = Deflater(level: 1)
        hasFailed = !deflater.begin()
        self.deflater = consume deflater
    }

    /// Appends lines, or parts of one.
    mutating func append(_ bytes: borrowing [UInt8]) {
        piece.append(bytes)
    }

    /// Starts a line whose labels are complete; ends it in front of the value.
    mutating func start(_ name: SampleName, _ labels: borrowing [UInt8]) {
        if labels.isEmpty {
            piece.append(name.bare)
            return
        }
        piece.append(name.open)
        piece.append(labels)
        // The block ends in a comma, for lines that go on.
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
        if piece.count >= Self.pieceSize { passOn() }
    }

    /// Ends a protobuf family; without metrics there is none.
    mutating func endFamily(_ header: borrowing [UInt8]) {
        guard metrics.count > 0 else { return }
        piece.append(varint: UInt64(header.count + metrics.count))
        piece.append(header)
        metrics.copy(to: &piece)
        metrics.removeAll()
        if piece.count >= Self.pieceSize { passOn() }
    }

    private mutating func passOn() {
        textSize += piece.count
        if deflater == nil {
            piece.copy(to: &output)
        } else {
            outgoing.clear()
            piece.copy(to: &outgoing)
            if deflater?.append(outgoing, to: &output) == false { hasFailed = true }
        }
        piece.removeAll()
    }

    /// The whole exposition and how much text it is.
    /// - Returns: no body when zlib could not get its memory.
    consuming func finish() -> (body: ByteBuffer?, textSize: Int) {
        passOn()
        if deflater?.finish(into: &output) == false { hasFailed = true }
        return (hasFailed ? nil : output, textSize)
    }
}

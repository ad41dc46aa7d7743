import CollectorCore
import NIOCore

/// The bytes of one body as they arrive, charged to the byte budget.
///
/// A body that comes in one piece stays where the socket's read put it. Otherwise its pieces are copied once, into a
/// buffer as large as the body says it is, up to 1 MiB; a larger one has to arrive to get more.
struct BodyCollector {
    /// What a body gets for only announcing its size.
    private static let largestAdvance = 1 << 20
    /// A piece may pin a read buffer this much larger than twice itself before it is copied out.
    private static let tolerableWaste = 4096

    private(set) var count = 0
    private let limit: Int
    private let announced: Int
    private var buffer = ByteBuffer()
    /// Whether `buffer` is a slice of what the socket read, which must not be appended to.
    private var isBorrowed = false
    let reservation: ByteReservation

    /// - Parameter announced: the size the client declared, 0 when it did not; the caller has compared it with `limit`.
    init(limit: Int, announced: Int, reservation: ByteReservation) {
        self.limit = limit
        self.announced = announced
        self.reservation = reservation
    }

    mutating func append(_ piece: ByteBuffer) throws(CallFailure) {
        let size = piece.readableBytes
        guard size <= limit - count else { throw .tooLarge(limit: limit, isDecompressed: false) }
        count += size
        if buffer.readableBytes == 0, size >= announced {
            try hold(piece)
        } else {
            try copy(piece)
        }
    }

    /// What has arrived since the last call, and forgets it; the charge stays.
    mutating func take() -> ByteBuffer {
        defer {
            buffer = ByteBuffer()
            isBorrowed = false
        }
        return buffer
    }

    /// The bytes waiting to be taken.
    var pendingCount: Int { buffer.readableBytes }

    private mutating func hold(_ piece: ByteBuffer) throws(CallFailure) {
        let size = piece.readableBytes
        guard piece.storageCapacity <= 2 * size + Self.tolerableWaste else { return try copy(piece) }
        try charge(count - size + piece.storageCapacity)
        buffer = piece
        isBorrowed = true
    }

    private mutating func copy(_ piece: ByteBuffer) throws(CallFailure) {
        let held = buffer.readableBytes
        let needed = held + piece.readableBytes
        if isBorrowed || buffer.capacity < needed {
            let taken = count - needed
            let capacity = max(needed, min(announced - taken, Self.largestAdvance))
            try charge(taken + ByteBuffer.allocatedCapacity(capacity))
            if isBorrowed {
                var own = ByteBuffer()
                own.reserveCapacity(capacity)
                own.writeImmutableBuffer(buffer)
                buffer = own
                isBorrowed = false
            } else {
                buffer.reserveCapacity(capacity)
            }
        }
        buffer.writeImmutableBuffer(piece)
    }

    private func charge(_ bytes: Int) throws(CallFailure) {
        do {
            try reservation.grow(to: bytes)
        } catch {
            throw .overBudget(error)
        }
    }
}

extension ByteBuffer {
    /// The bytes a buffer of `capacity` really takes: NIO rounds up to a power of two.
    static func allocatedCapacity(_ capacity: Int) -> Int {
        guard capacity > 1, capacity < 1 << 32 else { return capacity }
        return 1 << (Int.bitWidth - (capacity - 1).leadingZeroBitCount)
    }
}

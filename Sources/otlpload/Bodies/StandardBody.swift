import CollectorCore
import NIOCore
import OTLPWire

/// An export request made once and sent many times: what must differ from request to request is written over in place.
struct StandardBody: Sendable {
    /// Where the bytes are that change.
    enum Stamps: Sendable {
        /// Offsets of the spans' trace ids, each run of `perTrace` spans being one trace.
        case traceIDs([Int], perTrace: Int)
        /// Offsets of the data points' `time_unix_nano`.
        case times([Int])
    }

    let signal: Signal
    let itemCount: Int
    let stamps: Stamps
    /// Offsets of the texts of eight hexadecimal digits that are others in every request.
    let churn: [Int]
    private(set) var bytes: ByteBuffer

    /// Wraps `items`, the message of one ScopeSpans or ScopeMetrics, into a request of one resource.
    ///
    /// - Parameters:
    ///   - resource: the Resource message.
    ///   - stamps: offsets from the start of `items`.
    ///   - churn: where the digits of churning labels begin, from the start of `resource` and of `items`.
    init(
        signal: Signal, itemCount: Int, items: [UInt8], resource: [UInt8], stamps: Stamps,
        churn: (resource: [Int], items: [Int]) = ([], [])
    ) {
        var group: [UInt8] = []
        group.append(field: 1, resource)
        let resourceStart = group.count - resource.count
        group.append(field: 2, items)
        var request: [UInt8] = []
        request.append(field: 1, group)
        // The items are the last bytes of the request, so the envelopes move all offsets alike.
        let shift = request.count - items.count
        let resourceShift = request.count - group.count + resourceStart
        self.signal = signal
        self.itemCount = itemCount
        bytes = ByteBuffer(bytes: request)
        self.stamps =
            switch stamps {
            case .traceIDs(let offsets, let perTrace): .traceIDs(offsets.map { $0 + shift }, perTrace: perTrace)
            case .times(let offsets): .times(offsets.map { $0 + shift })
            }
        self.churn = churn.resource.map { $0 + resourceShift } + churn.items.map { $0 + shift }
    }

    /// Makes a request of its own out of the body: new trace ids and churning labels, or points of this moment. In
    /// place unless somebody still holds the bytes.
    ///
    /// - Parameter wallTime: nanoseconds since 1970-01-01 UTC.
    mutating func refresh(using random: inout SplitMix64, wallTime: UInt64) {
        let (stamps, churn) = (stamps, churn)
        var span = bytes.mutableReadableBytesSpan
        switch stamps {
        case .traceIDs(let offsets, let perTrace):
            var high: UInt64 = 0
            var low: UInt64 = 0
            for (position, offset) in offsets.enumerated() {
                if position.isMultiple(of: perTrace) {
                    high = random.next()
                    low = random.next()
                }
                span.storeBytes(of: high, toByteOffset: offset, as: UInt64.self)
                span.storeBytes(of: low, toByteOffset: offset + 8, as: UInt64.self)
            }
        case .times(let offsets):
            for offset in offsets {
                span.storeBytes(of: wallTime.littleEndian, toByteOffset: offset, as: UInt64.self)
            }
        }
        for offset in churn {
            span.storeBytes(of: Self.hexadecimal(random.next()), toByteOffset: offset, as: UInt64.self)
        }
    }
    /// Eight of the value's digits, as their ASCII characters side by side.
    private static func hexadecimal(_ value: UInt64) -> UInt64 {
        var text: UInt64 = 0
        for place in stride(from: UInt64(0), to: 64, by: 8) {
            let digit = (value >> place) & 15
            text |= (digit < 10 ? digit + 0x30 : digit + 0x57) << place
        }
        return text
    }
}

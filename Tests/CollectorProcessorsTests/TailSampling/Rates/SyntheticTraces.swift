import CollectorCore
import CollectorTestKit
import OTLPWire

@testable import CollectorProcessors

/// Makes the features of traces by the hundred thousand, from spans that were really read.
struct SyntheticTraces {
    private struct Model {
        var request: [UInt8]
        var span: SpanEntry

        init(traceState: String) throws {
            request = tracesRequest([
                TestSpan(.test(0), start: 1_000_000_000, duration: .zero, traceState: traceState)
            ])
            span = try indexed(request).spans[0]
        }

        mutating func write(_ value: UInt64, behind prefix: String) {
            let start = span.traceState.start + prefix.utf8.count
            request.replaceSubrange(start..<start + 14, with: fourteenDigits(value))
        }
    }

    private static let randomnessPrefix = "ot=rv:"
    private static let thresholdPrefix = "ot=th:"
    private let plain: Model
    private let consistent: Model
    private let sampled: Model

    init() throws {
        plain = try Model(traceState: "")
        consistent = try Model(traceState: Self.randomnessPrefix + "00000000000000")
        sampled = try Model(traceState: Self.thresholdPrefix + "00000000000000")
    }

    /// - Parameters:
    ///   - key: the number of the trace's key, the same at all places.
    ///   - randomness: the value of `rv`; nil for a trace without one.
    ///   - incoming: the value of `th`, for a trace without `rv`; 0 for one without.
    func trace(
        _ id: TraceID, key: Int = 1, spans: Int = 1, latency: UInt64 = 1_000_000, isError: Bool = false,
        randomness: UInt64? = nil, incoming: UInt64 = 0
    ) -> TraceFeatures {
        var model = plain
        if let randomness {
            model = consistent
            model.write(randomness, behind: Self.randomnessPrefix)
        } else if incoming > 0 {
            model = sampled
            model.write(incoming, behind: Self.thresholdPrefix)
        }
        var features = TraceFeatures(traceID: id)
        var keys = TraceKeys()
        for place in 0..<TraceKeys.capacity { keys[place] = UInt32(key) }
        var span = model.span
        span.endNanoseconds = span.startNanoseconds &+ latency
        if isError { span.statusCode = 2 }
        for _ in 0..<spans { features.note(span, model.request.span, MatchSet(), keys) }
        return features
    }
}

/// Random numbers that are the same in every run (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return mixed(state)
    }

    /// 0 to 1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    mutating func traceID() -> TraceID { TraceID(high: next(), low: next()) }

    /// The id of a trace that was sampled with a threshold before.
    mutating func traceID(sampledWith threshold: UInt64) -> TraceID {
        while true {
            let id = traceID()
            if id.randomness >= threshold { return id }
        }
    }
}

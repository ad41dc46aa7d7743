import CollectorCore

/// `rate_limiting` and `bytes_limiting`: as many traces as an allowance of spans, or bytes, has room for. One larger
/// than `burst_capacity` passes when the bucket is full, and is paid off before the next one: else it never could.
struct LimitingPolicy: SamplingPolicy {
    enum Unit: String {
        case spans
        case bytes

        func cost(of trace: TraceFeatures) -> Double {
            switch self {
            case .spans: Double(trace.spanCount)
            case .bytes: Double(trace.byteCount)
            }
        }
    }

    private let unit: Unit
    private let slot: Int
    /// Full, for its rate and capacity.
    private let full: TokenBucket
    private let bucket: SharedBucket

    init(_ unit: Unit, slot: Int, bucket: TokenBucket) {
        self.unit = unit
        self.slot = slot
        full = bucket
        self.bucket = SharedBucket(bucket)
    }

    func measure(_ trace: TraceFeatures, at now: UInt64, _ measured: inout Measurements) {
        measured[number: slot] = bucket.tokens(at: now)
    }

    func vote(on trace: TraceFeatures, _ measured: Measurements) -> Vote {
        let isAllowed = full.allows(unit.cost(of: trace), with: measured[number: slot])
        return isAllowed ? .sampled : .notSampled
    }

    func reason(_ trace: TraceFeatures, _ measured: Measurements) -> String {
        let tokens = measured[number: slot]
        let cost = unit.cost(of: trace)
        let isAllowed = full.allows(cost, with: tokens)
        let sign = cost <= tokens ? "≤" : ">"
        let note = isAllowed && cost > tokens ? ", but the bucket is full" : ""
        let unit = cost == 1 ? String(unit.rawValue.dropLast()) : unit.rawValue
        return "\(brief(cost)) \(unit) \(sign) \(brief(tokens)) left of \(brief(full.capacity))\(note)"
    }

    func letIn(_ trace: TraceFeatures, _ measured: Measurements, at now: UInt64) {
        bucket.take(unit.cost(of: trace), at: now)
    }

    var takesAllowance: Bool { true }
    var measures: Bool { true }
}

extension TokenBucket {
    /// Reads a rate and `burst_capacity`, which is twice the rate by default.
    init(_ section: ConfigReader, rateKey: String) {
        let rate = section.positive(rateKey, "a limit of 0 would never let a trace in", example: "100")
        var capacity = section.double("burst_capacity", default: 0, in: 0...Double.greatestFiniteMagnitude)
        if capacity == 0 { capacity = 2 * rate }
        self.init(perSecond: rate, capacity: capacity)
    }
}

extension ConfigReader {
    /// A number above 0 that must be there; 1 after a mistake.
    /// - Parameter reason: why 0 is not.
    func positive(_ key: String, _ reason: String, example: String) -> Double {
        let before = diagnostics.all.count
        guard let value = optionalDouble(key) else {
            if diagnostics.all.count == before { error(key, "must be set, for example `\(example)`") }
            return 1
        }
        guard value > 0 else {
            error(key, "must be more than 0: \(reason)")
            return 1
        }
        return value
    }
}

/// `1 span`, `2 spans`.
func spans(_ count: UInt32) -> String { count == 1 ? "1 span" : "\(count) spans" }

/// A number for people: whole when it is large, else with one decimal; below 1 with two digits, so that nothing but 0
/// looks like it.
func brief(_ number: Double) -> String {
    guard number.isFinite, abs(number) < 1e15 else { return "\(number)" }
    if abs(number) > 0, abs(number) < 0.995 {
        var factor = 100.0
        while abs(number) * factor < 9.95, factor < 1e15 { factor *= 10 }
        return "\((number * factor).rounded() / factor)"
    }
    let tenths = (number * 10).rounded() / 10
    return abs(number) >= 100 || tenths == tenths.rounded() ? "\(Int(number.rounded()))" : "\(tenths)"
}

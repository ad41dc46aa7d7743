import CollectorCore

/// The settings of one type of policy: what stands in the block named after the type.
protocol PolicySettings: Sendable {
    /// The value of `type`, and the name of the block.
    static var type: String { get }

    /// Reads the block; mistakes go to the reader's diagnostics.
    init(_ section: ConfigReader)

    /// Whether a later span could turn a vote to sample into one against it, or the policy learns from whole traces:
    /// such a policy is not for `span-ingest`.
    var needsWholeTrace: Bool { get }

    /// Whether the policy samples as long as an allowance lasts, which only traces that it keeps use up.
    var takesAllowance: Bool { get }

    /// The policies that together make this one sample.
    var subPolicies: [PolicyConfig] { get }

    func makePolicy(_ builder: inout PolicyBuilder) -> any SamplingPolicy
}

extension PolicySettings {
    var needsWholeTrace: Bool { false }
    var takesAllowance: Bool { false }
    var subPolicies: [PolicyConfig] { [] }
}

/// Hands out what the policies of one processor share: places for measurements, numbers for conditions on single spans,
/// and tables of keys.
struct PolicyBuilder {
    private(set) var slotCount = 0
    private(set) var conditions = SpanConditionPlan()
    private(set) var keys = TraceKeyPlan()
    /// The keys that traces turn out to have, by the places of `keys`.
    let keyRegistry: TraceKeyRegistry
    /// From the times that policies are given to the time of day.
    let wallTimeOffset: UInt64
    /// What there are too many of.
    private(set) var problem: String?

    init(wallTimeOffset: UInt64 = 0, keyMemory: KeyMemory = KeyMemory()) {
        self.wallTimeOffset = wallTimeOffset
        keyRegistry = TraceKeyRegistry(keyMemory)
    }

    /// A place in `Measurements`.
    mutating func slot() -> Int {
        slotCount += 1
        return slotCount - 1
    }

    /// The place in `MatchSet` that says whether any span meets a condition.
    mutating func bit(_ condition: SpanCondition) -> Int {
        if let bit = conditions.add(condition) { return bit }
        problem = "more than \(MatchSet.capacity) different conditions on attributes, tracestate, flags and OTTL"
        return 0
    }

    /// How to get at a trace's key made of these parts.
    /// - Parameters:
    ///   - bytes: what a policy learns of each key at most.
    ///   - window: for how many nanoseconds it makes use of that.
    mutating func key(_ parts: [TraceKeyPart], learning bytes: Int = 0, for window: UInt64 = 0) -> PolicyKey {
        if let place = keys.add(parts) {
            keyRegistry.charge(bytes, for: window, at: place)
            return PolicyKey(place: place, registry: keyRegistry)
        }
        problem = "more than \(TraceKeys.capacity - 1) different `key` lists"
        return PolicyKey(place: TraceKeys.service, registry: keyRegistry)
    }
}

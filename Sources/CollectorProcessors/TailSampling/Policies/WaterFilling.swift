/// One key's claim to a common budget.
struct BudgetClaim {
    /// What the key would use.
    var demand: Double
    /// What it gets at least; no more than its demand.
    var floor: Double

    /// What it gets when nobody gets more than `level`, floors apart.
    func share(at level: Double) -> Double { min(demand, max(level, floor)) }
}

/// The level up to which a budget fills all claims: max-min fair. Who needs less than the level gets all it needs, the
/// rest gets the level each. Infinite when the budget suffices for all, and 0 when the floors alone exceed it.
func waterLevel(_ claims: [BudgetClaim], budget: Double) -> Double {
    var highest = 0.0
    var demand = 0.0
    for claim in claims {
        highest = max(highest, claim.demand)
        demand += claim.demand
    }
    if demand <= budget { return .infinity }
    var low = 0.0
    var high = highest
    for _ in 0..<50 where high - low > 1e-5 * high {
        let level = (low + high) / 2
        let used = claims.reduce(0.0) { $0 + $1.share(at: level) }
        if used > budget { high = level } else { low = level }
    }
    return low
}

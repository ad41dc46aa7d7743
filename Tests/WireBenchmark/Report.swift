/// What an operation may cost at most.
struct Limit {
    /// Per item.
    var nanoseconds: Double
    /// Of one call.
    var allocations: Int
}

/// Prints what was measured and remembers whether all of it is within its limits.
struct Report {
    private(set) var isGood = true

    mutating func add(_ name: String, per item: String, _ items: Int, _ cost: Cost, _ limit: Limit) {
        let nanoseconds = cost.nanoseconds / Double(max(1, items))
        line(
            "\(name): \(rounded(nanoseconds)) ns/\(item) (limit \(rounded(limit.nanoseconds))), "
                + "\(cost.allocations) allocations (limit \(limit.allocations))",
            isWithin: nanoseconds <= limit.nanoseconds && cost.allocations <= limit.allocations)
    }

    /// - Parameter limit: how many times the body's size may be in use at once.
    mutating func addPeak(_ name: String, _ bodySize: Int, _ cost: Cost, _ limit: Double) {
        let factor = Double(cost.peakBytes) / Double(bodySize)
        line(
            "hostile body of \(name): \(rounded(factor * 100)) % of the body in use (limit \(rounded(limit * 100)) %), "
                + "\(rounded(cost.nanoseconds / Double(bodySize))) ns/byte",
            isWithin: factor <= limit)
    }

    mutating func fail(_ problem: String) {
        line(problem, isWithin: false)
    }

    private mutating func line(_ text: String, isWithin: Bool) {
        print(isWithin ? text : "\(text)  EXCEEDED")
        if !isWithin { isGood = false }
    }

    private func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}

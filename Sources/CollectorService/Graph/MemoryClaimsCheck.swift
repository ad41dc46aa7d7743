import CollectorCore

/// Whether the processors in use can have the memory they claim.
struct MemoryClaimsCheck {
    private let claims: [(id: ComponentID, claim: MemoryClaim)]
    private let budget: ByteBudget

    init(_ claims: [(id: ComponentID, claim: MemoryClaim)], _ budget: ByteBudget) {
        self.claims = claims
        self.budget = budget
    }

    /// Throws when one claims more than there is; warns when all together do.
    func report(_ log: Log) throws(ComponentError) {
        for (id, claim) in claims {
            guard let bytes = claim.bytes, bytes > budget.growthLimit else { continue }
            throw ComponentError(
                "processors.\(id).\(claim.key): \(bytes >> 20) MiB are more than there is room for; must be at most "
                    + "\(budget.growthLimit >> 20), seven eighths of \(basis), or left out; more needs more memory for "
                    + "the process, or a larger limit of `memory_limiter`")
        }
        let sum = claims.reduce(0) { $0 + ($1.claim.bytes ?? budget.usualClaim) }
        guard claims.count > 1, sum > budget.growthLimit, let key = claims.first?.claim.key else { return }
        log.warn(
            "\(claims.map { "`\($0.id)`" }.joined(separator: " and ")) may hold \(sum >> 20) MiB together, more than "
                + "\(budget.growthLimit >> 20) MiB, seven eighths of \(basis): when they are full they decide early; "
                + "set `\(key)` of each")
    }

    private var basis: String {
        let bytes = budget.softLimitBytes
        return bytes < budget.limitBytes
            ? "memory_limiter's soft limit of \(bytes >> 20) MiB" : "the byte budget of \(bytes >> 20) MiB"
    }
}

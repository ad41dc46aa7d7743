/// Where a component gets the keys of its hashes from.
package enum HashKeys: Sendable {
    /// Other ones in every process and instance: senders cannot aim at one shard or one slot of a table.
    case secret
    /// The same ones everywhere: a simulation gives the same result every time and on every machine.
    case fixed

    /// - Parameter number: tells the keys of one component apart.
    package func key(_ number: UInt64) -> UInt64 {
        switch self {
        case .secret: return .random(in: .min ... .max)
        case .fixed:
            // SplitMix64: bits as well mixed as random ones.
            var value = (number &+ 1) &* 0x9e37_79b9_7f4a_7c15
            value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
            return value ^ (value >> 31)
        }
    }
}

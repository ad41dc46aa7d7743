import NIOCore

/// Pings on quiet connections that have calls under way (`keepalive` of the OpenTelemetry Collector).
package struct GRPCKeepaliveSettings: Sendable, Equatable {
    /// Quiet this long, a connection is pinged.
    package var time = Duration.seconds(10)
    /// Without an answer this long, it is given up.
    package var timeout = Duration.seconds(10)
    /// Ping also without calls under way.
    package var permitWithoutStream = false

    package init() {}
}

/// When to ping and when to give up.
struct GRPCKeepalive {
    enum Action: Equatable {
        /// Nothing to do before this time.
        case wait(until: NIODeadline)
        case ping
        case giveUp
    }

    private let settings: GRPCKeepaliveSettings
    private var lastHeard: NIODeadline
    private var pinged: NIODeadline?

    init(_ settings: GRPCKeepaliveSettings, now: NIODeadline) {
        self.settings = settings
        lastHeard = now
    }

    /// Bytes have come from the peer, of whatever kind.
    mutating func heard(at now: NIODeadline) {
        lastHeard = now
        pinged = nil
    }

    /// What is due. After `ping`, ask again at once for the next time.
    mutating func check(at now: NIODeadline, hasCalls: Bool) -> Action {
        if let pinged {
            let limit = pinged + TimeAmount(settings.timeout)
            return now >= limit ? .giveUp : .wait(until: limit)
        }
        let due = lastHeard + TimeAmount(settings.time)
        if now < due { return .wait(until: due) }
        guard hasCalls || settings.permitWithoutStream else { return .wait(until: now + TimeAmount(settings.time)) }
        pinged = now
        return .ping
    }
}

import Synchronization

/// Whether the service as a whole takes data; set by the service, asked by health checks.
package final class ServiceStatus: Sendable {
    package enum Phase: Int, Sendable {
        case starting, ready, stopping
    }

    private let phaseNumber = Atomic<Int>(Phase.starting.rawValue)

    package init() {}

    package var phase: Phase {
        get { Phase(rawValue: phaseNumber.load(ordering: .relaxed)) ?? .starting }
        set { phaseNumber.store(newValue.rawValue, ordering: .relaxed) }
    }
}

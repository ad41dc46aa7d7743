import Synchronization

/// Which services are up, as `grpc.health.v1.Health` tells it.
package final class GRPCHealth: Sendable {
    /// The values of `HealthCheckResponse.ServingStatus`.
    package enum Status: UInt8, Sendable {
        case serving = 1
        case notServing = 2
        /// Only Watch says so; Check answers NOT_FOUND.
        case serviceUnknown = 3
    }

    private struct State {
        var statuses: [String: Status]
        var watchers: [Int: (service: String, notify: @Sendable (Status) -> Void)] = [:]
        var nextID = 0
        var isShutDown = false
    }

    private let state: Mutex<State>

    /// All `services` are SERVING, as is `""`, the server as a whole.
    package init(services: [String]) {
        state = Mutex(State(statuses: Dictionary((services + [""]).map { ($0, .serving) }) { $1 }))
    }

    /// The status of a service, nil when nobody has heard of it.
    package func status(of service: String) -> Status? {
        state.withLock { $0.statuses[service] }
    }

    var watcherCount: Int { state.withLock { $0.watchers.count } }

    /// Changes a service's status and tells its watchers; after `shutDown` nothing changes any more.
    package func set(_ status: Status, for service: String) {
        let watchers = state.withLock { state -> [@Sendable (Status) -> Void] in
            guard !state.isShutDown, state.statuses[service] != status else { return [] }
            state.statuses[service] = status
            return state.watchers.values.filter { $0.service == service }.map(\.notify)
        }
        for notify in watchers { notify(status) }
    }

    /// Everything is NOT_SERVING from now on.
    package func shutDown() {
        let services = state.withLock { Array($0.statuses.keys) }
        for service in services { set(.notServing, for: service) }
        state.withLock { $0.isShutDown = true }
    }

    /// Calls `notify` with every change from now on until `stopWatching` with the number returned.
    func watch(_ service: String, _ notify: @escaping @Sendable (Status) -> Void) -> Int {
        state.withLock { state in
            state.nextID += 1
            state.watchers[state.nextID] = (service, notify)
            return state.nextID
        }
    }

    func stopWatching(_ id: Int) {
        state.withLock { _ = $0.watchers.removeValue(forKey: id) }
    }
}

package import CollectorCore
import NIOCore
import NIOPosix

/// A running collector: everything a blueprint asks for, on threads of its own.
package final class Service {
    private let environment: ServiceEnvironment
    private let graph: Graph
    private let eventLoops: MultiThreadedEventLoopGroup
    private let workers: ThreadWorkers
    private let telemetryServers: [TelemetryServer]
    private let memory: MemoryReturner

    /// How long shutdown may take before what is still held is counted as dropped.
    package static let shutdownLimit = Duration.seconds(8)

    /// Makes and starts all components. Throws what stopped it, with nothing left running.
    package static func start(
        _ blueprint: Blueprint, telemetry: TelemetryConfig, log: Log, budgetBytes: Int
    ) async throws(ComponentError) -> Service {
        let eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
        let workers = ThreadWorkers(threads: System.coreCount)
        let environment = ServiceEnvironment(
            log: log, clock: SystemClock(eventLoop: eventLoops.next()), budgetBytes: budgetBytes,
            eventLoops: eventLoops, workers: workers)
        environment.registerOwnMetrics()
        var started: Graph?
        do {
            let graph = try Graph(blueprint, environment)
            let servers = try await TelemetryServer.start(telemetry, environment)
            started = graph
            try await graph.start()
            environment.status.phase = .ready
            return Service(environment, graph, eventLoops, workers, servers)
        } catch {
            let now = environment.clock.now()
            await started?.shutdown(receiversUntil: now, until: now)
            await workers.shutdown()
            try? await eventLoops.shutdownGracefully()
            throw error
        }
    }

    private init(
        _ environment: ServiceEnvironment, _ graph: Graph, _ eventLoops: MultiThreadedEventLoopGroup,
        _ workers: ThreadWorkers, _ telemetryServers: [TelemetryServer]
    ) {
        self.environment = environment
        self.graph = graph
        self.eventLoops = eventLoops
        self.workers = workers
        self.telemetryServers = telemetryServers
        memory = MemoryReturner(environment)
        memory.start()
    }

    package var ledger: Ledger { environment.ledger }

    /// Stops taking data, delivers what is held within the limit, and closes the books.
    package func shutdown() async {
        environment.status.phase = .stopping
        let deadline = environment.clock.now() &+ Self.shutdownLimit.nanoseconds
        // Clients that do not let go must not use up the time that delivering takes.
        await graph.shutdown(receiversUntil: deadline &- Self.shutdownLimit.nanoseconds / 2, until: deadline)
        memory.stop()
        for server in telemetryServers { await server.shutdown() }
        environment.logBooks()
        await workers.shutdown()
        try? await eventLoops.shutdownGracefully()
    }
}

extension ServiceEnvironment {
    func registerOwnMetrics() {
        ProcessMetrics.register(telemetry, clock: clock)
        telemetry.gauge("needletail_byte_budget_used_bytes", "Bytes held by all buffers together.") {
            Double(budget.usedBytes)
        }
        telemetry.gauge("needletail_byte_budget_limit_bytes", "Bytes all buffers may hold together.") {
            Double(budget.limitBytes)
        }
    }

    /// The last lines of the log: where every item went.
    func logBooks() {
        for statement in ledger.statements() where statement.received > 0 {
            let drops = statement.dropped.filter { $0.count > 0 }
                .map { " dropped{\($0.component): \($0.reason)}=\($0.count)" }.joined()
            log.info(
                "books of \(statement.branch) \(statement.signal.rawValue): received=\(statement.received) "
                    + "refused=\(statement.refused) forwarded=\(statement.forwarded) exposed=\(statement.exposed) "
                    + "held=\(statement.held)\(drops) residual=\(statement.residual)")
        }
    }
}

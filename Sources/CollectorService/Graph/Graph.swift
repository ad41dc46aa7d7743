import CollectorCore

/// The components of a service, made and wired.
///
/// Made downstream first, because whoever is made needs its consumer; `start` goes the same way, so that whoever starts may
/// send at once, and `shutdown` the other way, so that whoever shuts down gets nothing new.
struct Graph {
    private(set) var exporters: [any Component] = []
    /// In the order of their pipelines, upstream first; connectors between those they end and those they begin.
    private(set) var processors: [any Component] = []
    private(set) var receivers: [any Component] = []
    private(set) var extensions: [any Component] = []

    init(_ blueprint: Blueprint, _ environment: ServiceEnvironment) throws(ComponentError) {
        // First of all: components take their shares of the budget when they are made.
        for limits in blueprint.memoryLimitsInUse { environment.budget.lowerLimits(to: limits) }
        try MemoryClaimsCheck(blueprint.memoryClaimsInUse, environment.budget).report(environment.log)
        var wiring = Wiring(blueprint: blueprint, environment: environment)
        let connectors = Set(blueprint.connectors.keys)
        for pipeline in PipelineOrder.downstreamFirst(blueprint.pipelines, connectors: connectors) {
            try wiring.add(pipeline)
        }
        receivers = try wiring.makeReceivers()
        exporters = wiring.exporters
        processors = wiring.processors(
            in: PipelineOrder.upstreamFirst(blueprint.pipelines, connectors: connectors))
        for id in blueprint.extensions {
            guard let make = blueprint.makeExtensions[id] else { continue }
            let account = Account(signal: .traces, branch: "extension \(id)")
            extensions.append(try make(environment.context(for: id, kind: "extension", account: account)))
        }
    }

    func start() async throws(ComponentError) {
        for component in extensions + exporters + processors.reversed() + receivers { try await component.start() }
    }

    /// - Parameters:
    ///   - receiversDeadline: when calls that clients have under way are cut off.
    ///   - deadline: when what is still held is given up.
    func shutdown(receiversUntil receiversDeadline: UInt64, until deadline: UInt64) async {
        for component in processors { component.prepareForShutdown() }
        for component in receivers { await component.shutdown(deadline: receiversDeadline) }
        for component in processors + exporters + extensions {
            await component.shutdown(deadline: deadline)
        }
    }
}

/// The state of building a graph.
private struct Wiring {
    let blueprint: Blueprint
    let environment: ServiceEnvironment
    var exporters: [any Component] = []
    private var processors: [ConfigPath: [any Component]] = [:]
    private var connectors: [(id: ComponentID, component: any Component)] = []
    private var branches: [BranchKey: (exporter: any Consumer, account: Account)] = [:]
    private var heads: [ComponentID: [Signal: [any Consumer]]] = [:]
    private var receiverOrder: [ComponentID] = []

    private struct BranchKey: Hashable {
        var id: ComponentID
        var signal: Signal
    }

    init(blueprint: Blueprint, environment: ServiceEnvironment) {
        self.blueprint = blueprint
        self.environment = environment
    }

    mutating func add(_ pipeline: PipelineConfig) throws(ComponentError) {
        let account = environment.ledger.open(signal: pipeline.signal, branch: "pipeline \(pipeline)")
        var entries: [any Consumer] = []
        for reference in pipeline.exporters {
            let branch = try branch(reference.id, pipeline.signal)
            entries.append(ExporterEntry(account: branch.account, exporter: branch.exporter))
        }
        var next: any Consumer = PipelineTail(
            account: account, exporters: entries.count == 1 ? entries[0] : FanOut(entries))
        var made: [any Component] = []
        for reference in pipeline.processors.reversed() {
            guard let make = blueprint.processors[reference.id] else { continue }
            let context = environment.context(for: reference.id, kind: "processor", account: account)
            let items = ProcessorItems(reference.id, pipeline.signal, environment.telemetry)
            let processor = try make(context, pipeline.signal, CountingConsumer(items.outgoing, next))
            made.append(processor)
            next = CountingConsumer(items.incoming, processor)
        }
        processors[pipeline.path] = made.reversed()
        let head = PipelineHead(account: account, next: next)
        for reference in pipeline.receivers {
            if heads[reference.id] == nil, blueprint.connectors[reference.id] == nil {
                receiverOrder.append(reference.id)
            }
            heads[reference.id, default: [:]][pipeline.signal, default: []].append(head)
        }
    }

    /// The exporter or connector of one signal, made once however many pipelines use it.
    private mutating func branch(
        _ id: ComponentID, _ signal: Signal
    ) throws(ComponentError) -> (exporter: any Consumer, account: Account) {
        let key = BranchKey(id: id, signal: signal)
        if let known = branches[key] { return known }
        if let make = blueprint.connectors[id] { return try connect(key, make) }
        guard let make = blueprint.exporters[id] else { throw ComponentError("exporter `\(id)` is not configured") }
        let account = environment.ledger.open(signal: signal, branch: "exporter \(id)")
        let exporter = try make(environment.context(for: id, kind: "exporter", account: account), signal)
        exporters.append(exporter)
        branches[key] = (exporter, account)
        return (exporter, account)
    }

    /// Makes a connector; the pipelines it begins have been added already.
    private mutating func connect(
        _ key: BranchKey, _ make: Blueprint.MakeConnector
    ) throws(ComponentError) -> (exporter: any Consumer, account: Account) {
        guard let next = nextOf(key.id) else { throw ComponentError("connector `\(key.id)` begins no pipeline") }
        let account = environment.ledger.open(signal: key.signal, branch: "connector \(key.id)")
        let context = environment.context(for: key.id, kind: "connector", account: account)
        let connector = try make(context, key.signal, next)
        connectors.append((key.id, connector))
        branches[key] = (connector, account)
        return (connector, account)
    }

    /// The heads of the pipelines that a receiver or connector begins.
    private func nextOf(_ id: ComponentID) -> [Signal: any Consumer]? {
        heads[id]?.mapValues { heads -> any Consumer in heads.count == 1 ? heads[0] : FanOut(heads) }
    }

    /// Everything between receivers and exporters, upstream first. A connector stands in front of the first pipeline it
    /// begins: all that it ends are further up.
    func processors(in order: [PipelineConfig]) -> [any Component] {
        var all: [any Component] = []
        var waiting = connectors
        for pipeline in order {
            let begins = Set(pipeline.receivers.map(\.id))
            all += waiting.filter { begins.contains($0.id) }.map(\.component)
            waiting.removeAll { begins.contains($0.id) }
            all += processors[pipeline.path] ?? []
        }
        return all
    }

    func makeReceivers() throws(ComponentError) -> [any Component] {
        var receivers: [any Component] = []
        for id in receiverOrder {
            guard let make = blueprint.receivers[id], let next = nextOf(id) else { continue }
            // A receiver's own losses are told as refusals; its pipelines' accounts open behind it.
            let account = Account(signal: .traces, branch: "receiver \(id)")
            receivers.append(try make(environment.context(for: id, kind: "receiver", account: account), next))
        }
        return receivers
    }
}

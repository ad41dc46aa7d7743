import CollectorCore
import CollectorTestKit
import NIOPosix
import Synchronization

@testable import CollectorService

/// What happened to the components of a graph, in order: `make exporter a`, `start exporter a`, `stop exporter a`.
final class Events: Sendable {
    private let state = Mutex<[String]>([])

    var all: [String] { state.withLock { $0 } }
    func of(_ verb: String) -> [String] {
        all.filter { $0.hasPrefix(verb) }.map { String($0.dropFirst(verb.count + 1)) }
    }
    func append(_ event: String) { state.withLock { $0.append(event) } }
}

/// A component that passes everything on and tells what happens to it.
final class TracedComponent: ConsumingComponent {
    let next: any Consumer
    private let name: String
    private let events: Events

    init(_ name: String, _ events: Events, next: any Consumer) {
        self.name = name
        self.events = events
        self.next = next
        events.append("make \(name)")
    }

    func start() async throws(ComponentError) {
        events.append("start \(name)")
        if name.contains("broken") { throw ComponentError("\(name) cannot start") }
    }

    func prepareForShutdown() { events.append("prepare \(name) after \(events.of("stop").count)") }
    func shutdown(deadline: UInt64) async { events.append("stop \(name) \(deadline)") }
    func admit(_ batch: Batch) throws(DeliveryError) -> any Admission { try next.admit(batch) }
}

/// Components of all kinds that tell what happens to them.
final class TracedFactories: Sendable {
    let events = Events()
    /// What each exporter got, by its name and signal.
    private let sinks = Mutex<[String: RecordingConsumer]>([:])
    private let heads = Mutex<[String: [Signal: any Consumer]]>([:])

    func sink(_ id: String, _ signal: Signal = .traces) -> RecordingConsumer {
        sinks.withLock { sinks in
            let key = "\(id) \(signal.rawValue)"
            let sink = sinks[key] ?? RecordingConsumer()
            sinks[key] = sink
            return sink
        }
    }

    /// Where a receiver's batches go.
    func head(_ id: String, _ signal: Signal = .traces) -> (any Consumer)? { heads.withLock { $0[id]?[signal] } }

    var registry: ComponentRegistry {
        ComponentRegistry(
            receivers: [Receiver(traced: self)], processors: [Processor(traced: self)],
            connectors: [Connector(traced: self)],
            exporters: [Exporter(traced: self), Exporter(traced: self, type: "tracesonly", signals: [.traces])],
            extensions: [Extension(traced: self)])
    }

    struct Receiver: ReceiverFactory {
        let traced: TracedFactories
        let type = "in"
        let aliases = ["input"]
        let signals = Set(Signal.allCases)
        let summary = ""

        func readConfig(_ reader: ConfigReader) { reader.finish() }
        func make(
            _ config: Void, _ context: ComponentContext, next: [Signal: any Consumer]
        ) throws(ComponentError) -> any Component {
            traced.heads.withLock { $0["\(context.id)"] = next }
            return TracedComponent("receiver \(context.id)", traced.events, next: RecordingConsumer())
        }
    }

    struct Processor: ProcessorFactory {
        let traced: TracedFactories
        let type = "pass"
        let signals = Set(Signal.allCases)
        let summary = ""

        func readConfig(_ reader: ConfigReader) { reader.finish() }
        func make(
            _ config: Void, _ context: ComponentContext, signal: Signal, next: any Consumer
        ) throws(ComponentError) -> any ConsumingComponent {
            TracedComponent("processor \(context.id) \(signal.rawValue)", traced.events, next: next)
        }
    }

    /// Takes traces and hands them on to the pipelines it begins.
    struct Connector: ConnectorFactory {
        let traced: TracedFactories
        let type = "join"
        let signals: Set<Signal> = [.traces]
        let outputs: Set<Signal> = [.traces]
        let summary = ""

        func readConfig(_ reader: ConfigReader) { reader.finish() }
        func make(
            _ config: Void, _ context: ComponentContext, signal: Signal, next: [Signal: any Consumer]
        ) throws(ComponentError) -> any ConsumingComponent {
            let out = AccountedTail(context.account, next[.traces] ?? RecordingConsumer())
            return TracedComponent("connector \(context.id) \(signal.rawValue)", traced.events, next: out)
        }
    }

    struct Exporter: ExporterFactory {
        let traced: TracedFactories
        var type = "out"
        var signals = Set(Signal.allCases)
        let summary = ""

        func readConfig(_ reader: ConfigReader) { reader.finish() }
        func make(
            _ config: Void, _ context: ComponentContext, signal: Signal
        ) throws(ComponentError) -> any ConsumingComponent {
            let sink = AccountedTail(context.account, traced.sink("\(context.id)", signal))
            return TracedComponent("exporter \(context.id) \(signal.rawValue)", traced.events, next: sink)
        }
    }

    struct Extension: ExtensionFactory {
        let traced: TracedFactories
        let type = "ext"
        let signals: Set<Signal> = []
        let summary = ""

        func readConfig(_ reader: ConfigReader) { reader.finish() }
        func make(_ config: Void, _ context: ComponentContext) throws(ComponentError) -> any Component {
            TracedComponent("extension \(context.id)", traced.events, next: RecordingConsumer())
        }
    }
}

extension ServiceEnvironment {
    static func test(_ clock: ManualClock = ManualClock()) -> ServiceEnvironment {
        ServiceEnvironment(
            log: Log(write: { _ in }), clock: clock, budgetBytes: 1 << 30,
            eventLoops: MultiThreadedEventLoopGroup.singleton, workers: InlineWorkers())
    }
}

/// The blueprint of a configuration and what was found wrong.
func blueprint(_ yaml: String, _ factories: TracedFactories, hasConnectors: Bool = true) -> (Blueprint?, [String]) {
    let (config, diagnostics) = ConfigLoader.load(sources: ["yaml:" + yaml], environment: ConfigEnvironment([:]))
    var registry = factories.registry
    if !hasConnectors { registry.connectors = [] }
    let blueprint = config.map { Blueprint($0, registry: registry, diagnostics: diagnostics) }
    return (blueprint, diagnostics.errors.map(\.description))
}

extension Batch {
    /// One request with spans of these ids.
    static func numbered(_ ids: ClosedRange<UInt64>) throws -> Batch {
        try Batch(signal: .traces, requests: tracesRequest(ids.map { TestSpan(.test($0), spanID: $0) }))
    }
}

// What `service_graph` knows and how spans come into it, without clocks, threads or consumers.
//
//     client, producer ──▶ waits under (trace, its span id)      ─┐
//     server, consumer ──▶ waits under (trace, its parent's id)  ─┴─▶ both there: an edge between two services
//                     └─ without a parent: an edge from `user`      └─ time over: an edge to what the client calls its
//     client with a database's name: an edge to the database           peer, or an unpaired span, if it had no edge yet

import CollectorCore
import OTLPWire

/// The state of one `service_graph` connector.
struct GraphState: Sendable {
    private let config: ServiceGraphConfig
    private var waiting: WaitingEdges
    private(set) var counts: EdgeCounts
    private var finder: AttributeFinder
    private var resourceFinder: AttributeFinder
    private var counter: AdjustedCounter
    /// Edges that were begun.
    private(set) var edgeCount = 0
    private(set) var expiredCount = 0
    private(set) var droppedCount = 0

    /// What the spans of one scope have in common.
    private struct ResourceFacts {
        var service: String
        var values: [String?]
    }

    init(_ config: ServiceGraphConfig, seed: UInt64, room: SeriesRoom) {
        self.config = config
        waiting = WaitingEdges(limit: config.maxItems, room: room)
        counts = EdgeCounts(config, seed: seed, room: room)
        counter = AdjustedCounter(seed: seed)
        let keys = config.dimensions + config.peerAttributes + config.databaseAttributes
        finder = AttributeFinder(keys: keys)
        resourceFinder = AttributeFinder(keys: ["service.name"] + keys)
    }

    var waitingCount: Int { waiting.count }

    /// Takes in all spans of a request.
    mutating func add(_ index: TraceIndex, _ bytes: Span<UInt8>, now: UInt64, time: UInt64) {
        expire(now: now, time: time)
        var facts: ResourceFacts?
        var scope: UInt32 = 0
        for span in index.spans where span.kind >= 2 && span.kind <= 5 {
            if facts == nil || span.scope != scope {
                scope = span.scope
                facts = resourceFacts(index.resources[Int(index.scopes[Int(scope)].parent)], bytes)
            }
            if let facts { add(span, facts, bytes, now: now, time: time) }
        }
    }

    private mutating func resourceFacts(_ group: GroupEntry, _ bytes: Span<UInt8>) -> ResourceFacts {
        let resource = payload(of: 1, in: group.head, bytes) ?? .empty
        _ = resourceFinder.find(bytes, message: resource, attributes: 1, name: 0)
        let values = resourceFinder.values.map { labelText(bytes, $0) }
        return ResourceFacts(service: values[0] ?? "unknown_service", values: Array(values.dropFirst()))
    }

    private mutating func add(
        _ span: SpanEntry, _ facts: ResourceFacts, _ bytes: Span<UInt8>, now: UInt64, time: UInt64
    ) {
        let parent = finder.find(bytes, message: span.range, attributes: 9, name: 4)
        let isMessaging = span.kind >= 4
        var side = EdgeSide(
            service: facts.service,
            duration: span.endNanoseconds > span.startNanoseconds ? span.endNanoseconds &- span.startNanoseconds : 0,
            isFailed: span.statusCode == 2, weight: counter.count(bytes, span.traceState).value, dimensions: [])
        for position in config.dimensions.indices {
            side.dimensions.append(facts.values[position] ?? labelText(bytes, finder.values[position]))
        }
        let half: Edge
        let clientSpan: UInt64
        if span.kind == 3 || span.kind == 4 {
            if let database = value(
                of: config.databaseAttributes, after: config.peerAttributes.count, facts: facts, bytes)
            {
                // Databases send no spans: what the client measured stands for both sides.
                let server = EdgeSide(
                    service: database, duration: side.duration, isFailed: side.isFailed, weight: side.weight,
                    dimensions: [])
                edgeCount += 1
                count(Edge(client: side, server: server, type: .database), now, time)
                return
            }
            let peer = value(of: config.peerAttributes, after: 0, facts: nil, bytes)
            half = Edge(client: side, type: isMessaging ? .messaging : .direct, peer: peer)
            clientSpan = span.spanID
        } else {
            guard span.hasParent, parent.count == 8 else {
                edgeCount += 1
                count(Edge(server: side), virtualSide: "client", peer: "user", now, time)
                return
            }
            half = Edge(server: side, type: isMessaging ? .messaging : .direct)
            clientSpan = loadBigEndian64(bytes, parent.start)
        }
        let key = EdgeKey(traceID: span.traceID, clientSpan: clientSpan)
        switch waiting.add(half, key, deadline: now &+ config.ttl.nanoseconds) {
        case .waits: break
        case .complete(let edge, let more):
            edgeCount += 1 + more.count
            count(edge, now, time)
            for edge in more { count(edge, now, time) }
        case .full:
            droppedCount += 1
            counts.addDropped(half, now: now, time: time)
        }
    }

    /// The first attribute of a list that the span has, or its resource.
    ///
    /// - Parameter offset: how many attributes the finder has between the dimensions and the list.
    private func value(
        of list: [String], after offset: Int, facts: ResourceFacts?, _ bytes: Span<UInt8>
    ) -> String? {
        for position in list.indices {
            let place = config.dimensions.count + offset + position
            guard let text = labelText(bytes, finder.values[place]) ?? facts?.values[place], !text.isEmpty else {
                continue
            }
            // Redis numbers its databases, and a number names nothing (semantic conventions, "Redis").
            if list[position] == "db.namespace", text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { continue }
            return text
        }
        return nil
    }

    /// Gives up waiting for halves whose time is over.
    mutating func expire(now: UInt64, time: UInt64) {
        while let edge = waiting.nextExpired(now: now) {
            expiredCount += 1
            if edge.client != nil, let peer = edge.peer {
                count(edge, virtualSide: "server", peer: peer, now, time)
            } else {
                counts.addUnpaired(edge, now: now, time: time)
            }
        }
    }

    /// Forgets edges without requests for long.
    mutating func forget(before oldest: UInt64) { counts.expire(before: oldest) }

    private mutating func count(
        _ edge: Edge, virtualSide: String? = nil, peer: String = "", _ now: UInt64, _ time: UInt64
    ) {
        let identity = EdgeIdentity(
            client: edge.client?.service ?? peer, server: edge.server?.service ?? peer,
            type: virtualSide == nil ? edge.type : .virtual,
            isFailed: edge.client?.isFailed == true || edge.server?.isFailed == true,
            virtualSide: config.hasVirtualNodeLabel ? virtualSide ?? "" : "",
            clientDimensions: edge.client?.dimensions ?? [], serverDimensions: edge.server?.dimensions ?? [])
        counts.add(identity, edge, now: now, time: time)
    }
}

/// An attribute's value as the text of a label; nil when it is absent or is no single value. Names are short: what is
/// longer than 1 KiB would only fill memory.
private func labelText(_ bytes: Span<UInt8>, _ range: ByteRange?) -> String? {
    guard let range else { return nil }
    switch AttributeValue(bytes, anyValue: range) {
    case .string(let range): return range.count <= 1024 ? text(bytes, range) : "__other__"
    case .bool(let flag): return flag ? "true" : "false"
    case .int(let number): return String(number)
    case .double(let number): return "\(number)"
    case .empty, .array, .keyValueList, .bytes: return nil
    }
}

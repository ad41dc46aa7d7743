import CollectorCore
import OTLPWire

/// Where a round of points stands: each piece is one request, and spans are counted on between them.
struct GraphPlace: Sendable {
    fileprivate var isLoose = false
    fileprivate var slot = 0

    static let first = GraphPlace()
}

// The counts as export requests, with the metric and label names that Grafana's service graph asks for.
extension EdgeCounts {
    /// An edge as it is told; without identity what there was no room for.
    private struct Told {
        var identity: EdgeIdentity?
        var counted: Counted
    }

    /// Edges that go into one request.
    private static let pieceSize = 1000

    /// A request with what stands at a place, empty when that is nothing, and the next place, nil at the end.
    ///
    /// - Parameter time: nanoseconds since 1970.
    func request(
        at place: GraphPlace, _ config: ServiceGraphConfig, time: UInt64
    ) -> (request: [UInt8], next: GraphPlace?) {
        let range = place.slot..<place.slot + Self.pieceSize
        var next = place
        next.slot = range.upperBound
        if place.isLoose {
            let end = max(unpaired.services.slotCount, dropped.services.slotCount)
            return (looseRequest(range, time), next.slot < end ? next : nil)
        }
        if next.slot >= edges.slotCount { next = GraphPlace(isLoose: true) }
        return (edgeRequest(range, config, time), next)
    }

    private func edgeRequest(_ range: Range<Int>, _ config: ServiceGraphConfig, _ time: UInt64) -> [UInt8] {
        var piece = edges.values(in: range).map { Told(identity: $0.key, counted: $0.value) }
        if range.lowerBound == 0, let overflow { piece.append(Told(identity: nil, counted: overflow)) }
        if piece.isEmpty { return [] }
        return request { scope in write(piece, config, time, &scope) }
    }

    private func looseRequest(_ range: Range<Int>, _ time: UInt64) -> [UInt8] {
        var isAny = false
        let bytes = request { scope in
            for (name, help, list) in [
                ("unpaired_spans_total", "Spans without a counterpart", unpaired),
                ("dropped_spans_total", "Spans there was no room for to wait", dropped),
            ] {
                let piece = list.services.values(in: range)
                let overflow = range.lowerBound == 0 ? list.overflow : nil
                if piece.isEmpty, overflow == nil { continue }
                isAny = true
                scope.sum(name, help) { points in
                    for (loose, counted) in piece { points.loose(loose, counted, time) }
                    if let overflow { points.loose(nil, overflow, time) }
                }
            }
        }
        return isAny ? bytes : []
    }

    private func request(_ body: (inout MessageWriter) -> Void) -> [UInt8] {
        var request = MessageWriter()
        request.message(1) { group in
            group.message(2) { scope in
                scope.message(1) { $0.string(1, "traces_service_graph") }
                body(&scope)
            }
        }
        return request.bytes
    }

    private func write(
        _ piece: [Told], _ config: ServiceGraphConfig, _ time: UInt64, _ scope: inout MessageWriter
    ) {
        scope.sum("request_total", "Requests between two services") { points in
            for edge in piece { point(edge, edge.counted.requests, config, time, &points) }
        }
        let failed = piece.filter { $0.counted.failed > 0 }
        if !failed.isEmpty {
            scope.sum("request_failed_total", "Failed requests between two services") { points in
                for edge in failed { point(edge, edge.counted.failed, config, time, &points) }
            }
        }
        histogram("request_server", "Duration of requests as servers saw them", piece, \.server, config, time, &scope)
        histogram("request_client", "Duration of requests as clients saw them", piece, \.client, config, time, &scope)
    }

    private func point(
        _ edge: Told, _ count: UInt64, _ config: ServiceGraphConfig, _ time: UInt64, _ points: inout MessageWriter
    ) {
        points.message(1) { point in
            point.fixed64(2, edge.counted.start)
            point.fixed64(3, time)
            point.fixed64(6, count)
            labels(edge, config, field: 7, &point)
        }
    }

    private func histogram(
        _ name: String, _ help: String, _ piece: [Told], _ side: KeyPath<Counted, EdgeDurations>,
        _ config: ServiceGraphConfig, _ time: UInt64, _ scope: inout MessageWriter
    ) {
        let seen = piece.filter { $0.counted[keyPath: side].count > 0 }
        if seen.isEmpty { return }
        scope.message(2) { metric in
            metric.string(1, "traces_service_graph_\(name)")
            metric.string(2, help)
            metric.string(3, "s")
            metric.message(config.exponentialSize == nil ? 9 : 10) { histogram in
                for edge in seen {
                    let durations = edge.counted[keyPath: side]
                    histogram.message(1) { point in
                        point.fixed64(2, edge.counted.start)
                        point.fixed64(3, time)
                        point.fixed64(4, durations.count)
                        point.double(5, durations.sumNanoseconds / DurationUnit.seconds.nanoseconds)
                        if let buckets = durations.exponential {
                            labels(edge, config, field: 1, &point)
                            point.exponential(buckets)
                        } else {
                            point.packedFixed64(6, durations.buckets)
                            point.packedFixed64(7, bounds.encoded)
                            labels(edge, config, field: 9, &point)
                        }
                    }
                }
                histogram.varint(2, 2)
            }
        }
    }

    private func labels(
        _ edge: Told, _ config: ServiceGraphConfig, field: UInt32, _ point: inout MessageWriter
    ) {
        guard let identity = edge.identity else {
            point.overflowLabel(field)
            return
        }
        point.label(field, "client", identity.client)
        point.label(field, "server", identity.server)
        point.label(field, "connection_type", identity.type.rawValue)
        point.label(field, "failed", identity.isFailed ? "true" : "false")
        if config.hasVirtualNodeLabel { point.label(field, "virtual_node", identity.virtualSide) }
        for (name, value) in zip(config.dimensions, identity.clientDimensions) {
            if let value { point.label(field, "client_\(name)", value) }
        }
        for (name, value) in zip(config.dimensions, identity.serverDimensions) {
            if let value { point.label(field, "server_\(name)", value) }
        }
    }
}

extension MessageWriter {
    /// A metric with a cumulative monotonic sum, whose points `body` writes.
    fileprivate mutating func sum(_ name: String, _ help: String, _ body: (inout MessageWriter) -> Void) {
        message(2) { metric in
            metric.string(1, "traces_service_graph_\(name)")
            metric.string(2, help)
            metric.message(7) { sum in
                body(&sum)
                sum.varint(2, 2)
                sum.varint(3, 1)
            }
        }
    }

    fileprivate mutating func label(_ field: UInt32, _ name: String, _ value: String) {
        message(field) { pair in
            pair.string(1, name)
            pair.message(2) { $0.string(1, value) }
        }
    }

    /// What stands for labels there was no room for (OpenTelemetry metrics SDK, "Cardinality limits").
    fileprivate mutating func overflowLabel(_ field: UInt32) {
        message(field) { pair in
            pair.string(1, "otel.metric.overflow")
            pair.message(2) { $0.varint(2, 1) }
        }
    }

    /// A point with spans that became no edge.
    fileprivate mutating func loose(_ loose: EdgeCounts.Loose?, _ counted: EdgeCounts.LooseCount, _ time: UInt64) {
        message(1) { point in
            point.fixed64(2, counted.start)
            point.fixed64(3, time)
            point.fixed64(6, counted.count)
            if let loose {
                point.label(7, "client", loose.client)
                point.label(7, "server", loose.server)
            } else {
                point.overflowLabel(7)
            }
        }
    }
}

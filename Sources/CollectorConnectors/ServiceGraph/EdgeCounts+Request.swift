import CollectorCore
import OTLPWire

// The counts as export requests, with the metric and label names that Grafana's service graph asks for.
extension EdgeCounts {
    /// Edges that go into one request.
    private static let pieceSize = 1000

    /// Requests with everything that was counted; none when nothing was.
    ///
    /// - Parameter time: nanoseconds since 1970.
    func requests(_ config: ServiceGraphConfig, time: UInt64) -> [[UInt8]] {
        let all = Array(edges.values) + (overflow.map { [$0] } ?? [])
        var requests: [[UInt8]] = []
        for start in stride(from: 0, to: all.count, by: Self.pieceSize) {
            let piece = all[start..<min(all.count, start + Self.pieceSize)]
            requests.append(request { scope in write(piece, config, time, &scope) })
        }
        if !unpaired.isEmpty || !dropped.isEmpty {
            requests.append(
                request { scope in
                    write("unpaired_spans_total", "Spans without a counterpart", unpaired, time, &scope)
                    write("dropped_spans_total", "Spans there was no room for to wait", dropped, time, &scope)
                })
        }
        return requests
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
        _ piece: ArraySlice<Counted>, _ config: ServiceGraphConfig, _ time: UInt64, _ scope: inout MessageWriter
    ) {
        scope.sum("request_total", "Requests between two services") { points in
            for edge in piece { point(edge, config, time, &points) }
        }
        let failed = piece.filter { $0.identity?.isFailed == true }
        if !failed.isEmpty {
            scope.sum("request_failed_total", "Failed requests between two services") { points in
                for edge in failed { point(edge, config, time, &points) }
            }
        }
        histogram("request_server", "Duration of requests as servers saw them", piece, \.server, config, time, &scope)
        histogram("request_client", "Duration of requests as clients saw them", piece, \.client, config, time, &scope)
    }

    private func point(_ edge: Counted, _ config: ServiceGraphConfig, _ time: UInt64, _ points: inout MessageWriter) {
        points.message(1) { point in
            point.fixed64(2, edge.start)
            point.fixed64(3, time)
            point.fixed64(6, edge.requests)
            labels(edge, config, field: 7, &point)
        }
    }

    private func histogram(
        _ name: String, _ help: String, _ piece: ArraySlice<Counted>, _ side: KeyPath<Counted, EdgeDurations>,
        _ config: ServiceGraphConfig, _ time: UInt64, _ scope: inout MessageWriter
    ) {
        let seen = piece.filter { $0[keyPath: side].count > 0 }
        if seen.isEmpty { return }
        scope.message(2) { metric in
            metric.string(1, "traces_service_graph_\(name)")
            metric.string(2, help)
            metric.string(3, "s")
            metric.message(config.exponentialSize == nil ? 9 : 10) { histogram in
                for edge in seen {
                    let durations = edge[keyPath: side]
                    histogram.message(1) { point in
                        point.fixed64(2, edge.start)
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
        _ edge: Counted, _ config: ServiceGraphConfig, field: UInt32, _ point: inout MessageWriter
    ) {
        guard let identity = edge.identity else {
            point.message(field) { pair in
                pair.string(1, "otel.metric.overflow")
                pair.message(2) { $0.varint(2, 1) }
            }
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

    private func write(
        _ name: String, _ help: String, _ list: [Loose: LooseCount], _ time: UInt64, _ scope: inout MessageWriter
    ) {
        if list.isEmpty { return }
        scope.sum(name, help) { points in
            for (loose, counted) in list {
                points.message(1) { point in
                    point.fixed64(2, counted.start)
                    point.fixed64(3, time)
                    point.fixed64(6, counted.count)
                    point.label(7, "client", loose.client)
                    point.label(7, "server", loose.server)
                }
            }
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
}

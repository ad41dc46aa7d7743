import CollectorCore

/// The order of pipelines by the connectors that lead from one to the next.
enum PipelineOrder {
    /// Pipelines in file order, except that each comes behind those that feed it. Those that feed each other in a circle,
    /// which a checked configuration has none of, come last.
    static func upstreamFirst(_ pipelines: [PipelineConfig], connectors: Set<ComponentID>) -> [PipelineConfig] {
        sorted(pipelines) { later, earlier in feeds(earlier, later, connectors) }
    }

    /// Pipelines in file order, except that each comes behind those it feeds.
    static func downstreamFirst(_ pipelines: [PipelineConfig], connectors: Set<ComponentID>) -> [PipelineConfig] {
        sorted(pipelines) { later, earlier in feeds(later, earlier, connectors) }
    }

    /// Pipelines that feed each other, each the next and the last one the first; nil when there are none.
    static func circle(_ pipelines: [PipelineConfig], connectors: Set<ComponentID>) -> [PipelineConfig]? {
        let isBehind: (PipelineConfig, PipelineConfig) -> Bool = { later, earlier in feeds(earlier, later, connectors) }
        let stuck = remaining(pipelines, isBehind).stuck
        guard var place = stuck.last else { return nil }
        // Each of these has one that feeds it among them, so going back must come to a place twice.
        var way: [PipelineConfig] = []
        while !way.contains(where: { $0.path == place.path }) {
            way.append(place)
            guard let before = stuck.first(where: { isBehind(place, $0) }) else { return nil }
            place = before
        }
        let start = way.firstIndex { $0.path == place.path } ?? 0
        return way[start...].reversed()
    }

    private static func feeds(
        _ upstream: PipelineConfig, _ downstream: PipelineConfig, _ connectors: Set<ComponentID>
    ) -> Bool {
        upstream.exporters.contains { end in
            connectors.contains(end.id) && downstream.receivers.contains { $0.id == end.id }
        }
    }

    private static func sorted(
        _ pipelines: [PipelineConfig], _ isBehind: (PipelineConfig, PipelineConfig) -> Bool
    ) -> [PipelineConfig] {
        let (placed, stuck) = remaining(pipelines, isBehind)
        return placed + stuck
    }

    /// Places one pipeline after the other, the first in file order that none of the unplaced must precede.
    private static func remaining(
        _ pipelines: [PipelineConfig], _ isBehind: (PipelineConfig, PipelineConfig) -> Bool
    ) -> (placed: [PipelineConfig], stuck: [PipelineConfig]) {
        var placed: [PipelineConfig] = []
        var waiting = pipelines
        while let next = waiting.firstIndex(where: { one in !waiting.contains { isBehind(one, $0) } }) {
            placed.append(waiting.remove(at: next))
        }
        return (placed, waiting)
    }
}

import CollectorCore
import OTLPWire

// `linked`: a link leads from one shard into another, so it is noted there with no other lock held. The target's shard
// hears of an undecided linker before that enters its own window: the linker's decision cannot overtake the news.

extension TailSampling {
    /// Links that are noted together, and that one lock hold notes at most.
    private static let linksAtOnce = 512

    /// Lets the targets of arriving spans' links know that there are traces with links to them.
    func announceLinks(_ arrival: Arrival) {
        guard let linkBit = chain.linkBit else { return }
        let bytes = arrival.body.readableBytesUInt8Span
        var links: [TraceLink] = []
        for position in arrival.range where arrival.meets(linkBit, UInt32(position)) {
            let span = arrival.index.spans[position]
            SpanLinks.forEach(bytes, span: span.range, of: span.traceID) {
                links.append(TraceLink(target: $0, linker: .undecided))
            }
            // Senders could make millions of them.
            guard links.count >= Self.linksAtOnce else { continue }
            note(links[...])
            links.removeAll(keepingCapacity: true)
        }
        note(links[...])
    }

    /// Lets the targets know what became of the traces with links to them.
    func settle(_ links: [TraceLink]) {
        var rest = links[...]
        while !rest.isEmpty {
            note(rest.prefix(Self.linksAtOnce))
            rest = rest.dropFirst(Self.linksAtOnce)
        }
        for shard in shards {
            // Those that were held for them are due.
            if let deadline = shard.window.withLock({ $0.nextDeadline }) { wake(at: deadline) }
        }
    }

    private func note(_ links: ArraySlice<TraceLink>) {
        guard !links.isEmpty else { return }
        var parts = [[(link: TraceLink, hash: UInt64)]](repeating: [], count: shards.count)
        for link in links {
            let hash = hash(link.target)
            parts[TraceHash.shard(hash, of: shards.count)].append((link, hash))
        }
        let now = context.clock.now()
        for (shard, part) in zip(shards, parts) where !part.isEmpty {
            shard.window.withLock { window in
                for (link, hash) in part { window.note(link, hash: hash, now: now) }
            }
        }
    }
}

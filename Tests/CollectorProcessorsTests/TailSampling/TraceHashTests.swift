import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: the hash of trace ids")
struct TraceHashTests {
    @Test("Every shard gets its part of the traces", arguments: [1, 2, 3, 8, 256])
    func shards(_ count: Int) {
        let hash = TraceHash()
        let traces = 400 * count
        var found = Array(repeating: 0, count: count)
        for number in 0..<UInt64(traces) { found[TraceHash.shard(hash(.test(number)), of: count)] += 1 }
        // 400 each, six standard deviations either way.
        #expect(found.allSatisfy { (280...520).contains($0) || count == 1 })
    }
}

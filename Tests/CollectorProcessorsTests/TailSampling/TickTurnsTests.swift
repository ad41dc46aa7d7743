import Testing

@testable import CollectorProcessors

@Suite("Turns of shards at deciding")
struct TickTurnsTests {
    private final class Shard: Sendable {}

    private let shards = (0..<4).map { _ in Shard() }

    @Test("Half of the cores decide, the others in the order in which they came, each once")
    func order() {
        let turns = TickTurns<Shard>(cores: 4)
        #expect(turns.begin(shards[0]))
        #expect(turns.begin(shards[1]))
        #expect(!turns.begin(shards[2]))
        #expect(!turns.begin(shards[3]))
        #expect(!turns.begin(shards[2]))
        #expect(turns.end() === shards[2])
        #expect(turns.end() === shards[3])
        #expect(turns.end() == nil)
        #expect(turns.end() == nil)
    }

    @Test("A turn that is over is free for the next one, also on a single core")
    func oneCore() {
        let turns = TickTurns<Shard>(cores: 1)
        for shard in shards {
            #expect(turns.begin(shard))
            #expect(turns.end() == nil)
        }
    }
}

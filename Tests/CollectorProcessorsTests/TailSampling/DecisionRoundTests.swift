import Testing

@testable import CollectorProcessors

@Suite("Rounds of decisions")
struct DecisionRoundTests {
    @Test("Half of the cores decide, and every shard is dealt out once")
    func everyShardOnce() {
        let round = DecisionRound(Array(0..<5), cores: 4)
        #expect(round.deciders == 2)
        #expect((0..<5).map { _ in round.next() } == [0, 1, 2, 3, 4])
        #expect(round.next() == nil)
        #expect(!round.end())
        #expect(round.end())
    }

    @Test(
        "There are no more deciders than shards, and one on a single core",
        arguments: [(1, 8, 1), (4, 1, 1), (3, 16, 3)])
    func deciders(shards: Int, cores: Int, expected: Int) {
        #expect(DecisionRound(Array(0..<shards), cores: cores).deciders == expected)
    }
}

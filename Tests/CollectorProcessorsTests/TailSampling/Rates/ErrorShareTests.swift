import Testing

@testable import CollectorProcessors

@Suite("tail_sampling: shares of errors")
struct ErrorShareTests {
    private let second: UInt64 = 1_000_000_000
    private let rule = ErrorShare.Rule(threshold: 0.1, window: 60_000_000_000, minimumSamples: 20)

    /// The errors come last.
    private func add(_ count: Int, errors: Int, at now: UInt64, to share: inout ErrorShare) {
        for position in 0..<count { share.add(isError: position >= count - errors, at: now, rule) }
    }

    @Test("An episode begins above the threshold and ends below half of it")
    func hysteresis() {
        var share = ErrorShare()
        add(80, errors: 8, at: 1000 * second, to: &share)
        #expect(!share.reading(at: 1000 * second, rule).isEpisode)
        add(20, errors: 3, at: 1001 * second, to: &share)
        let begun = share.reading(at: 1001 * second, rule)
        #expect(begun == ErrorShare.Reading(traces: 100, share: 0.11, isEpisode: true))
        // 5.5 %, still one.
        add(100, errors: 0, at: 1002 * second, to: &share)
        #expect(share.reading(at: 1002 * second, rule).isEpisode)
        add(50, errors: 0, at: 1003 * second, to: &share)
        #expect(!share.reading(at: 1003 * second, rule).isEpisode)
        // Half of the threshold does not begin another one.
        add(10, errors: 10, at: 1004 * second, to: &share)
        #expect(share.reading(at: 1004 * second, rule).share > 0.05)
        #expect(!share.reading(at: 1004 * second, rule).isEpisode)
    }

    @Test("Too few traces make no episode")
    func few() {
        var share = ErrorShare()
        add(19, errors: 19, at: second, to: &share)
        #expect(!share.reading(at: second, rule).isEpisode)
        add(1, errors: 0, at: second, to: &share)
        #expect(share.reading(at: second, rule).isEpisode)
    }

    @Test("Errors count for a window, and silence ends an episode")
    func window() {
        var share = ErrorShare()
        add(30, errors: 30, at: 600 * second, to: &share)
        #expect(share.reading(at: 649 * second, rule).isEpisode)
        #expect(share.reading(at: 660 * second, rule) == ErrorShare.Reading())
        add(10, errors: 0, at: 655 * second, to: &share)
        #expect(share.reading(at: 655 * second, rule).traces == 40)
        add(10, errors: 0, at: 700 * second, to: &share)
        #expect(share.reading(at: 700 * second, rule) == ErrorShare.Reading(traces: 20, share: 0, isEpisode: false))
        // A few errors after the silence do not make the old episode go on.
        var again = share
        add(30, errors: 30, at: 1000 * second, to: &again)
        #expect(again.reading(at: 1000 * second, rule).isEpisode)
        add(3, errors: 3, at: 4600 * second, to: &again)
        #expect(again.reading(at: 4600 * second, rule) == ErrorShare.Reading(traces: 3, share: 1, isEpisode: false))
        // A clock that goes back changes nothing.
        add(1, errors: 0, at: 10 * second, to: &share)
        #expect(share.reading(at: 700 * second, rule).traces == 21)
    }
}

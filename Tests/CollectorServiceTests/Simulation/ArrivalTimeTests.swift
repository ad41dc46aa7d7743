import CollectorTestKit
import OTLPWire
import Testing

@testable import CollectorService

@Suite struct ArrivalTimeTests {
    private let day: UInt64 = 86_400_000_000_000

    private func ends(_ ends: UInt64...) throws -> UInt64 {
        let spans = ends.map { TestSpan(.test(1), start: $0, duration: .zero) }
        guard case .traces(let index) = try validateTraces(tracesRequest(spans).span).index else { return 0 }
        return latestPlausibleEnd(of: index.spans)
    }

    @Test func `a request arrives when the last of its spans ends`() throws {
        #expect(try ends(5, 9, 7) == 9)
    }

    @Test func `spans more than a day after the median do not count`() throws {
        #expect(try ends(captureStart, captureStart + second, .max) == captureStart + second)
        #expect(try ends(0, captureStart, captureStart + day) == captureStart + day)
        #expect(try ends(0, 0, captureStart) == 0)
        #expect(try ends(.max, .max) == .max)
    }

    @Test func `times never go backwards`() {
        var times = ArrivalTime()
        #expect(times.arrival(at: 50, next: 30) == 50)
        #expect(times.arrival(at: 30, next: 60) == 50)
        #expect(times.arrival(at: 60, next: nil) == 60)
    }

    @Test func `one request far in the future does not carry the others along`() {
        var times = ArrivalTime()
        #expect(times.arrival(at: captureStart, next: captureStart + 400 * day) == captureStart)
        #expect(times.arrival(at: captureStart + 400 * day, next: captureStart + second) == captureStart)
        #expect(times.arrival(at: captureStart + second, next: nil) == captureStart + second)
    }

    @Test func `a first request far in the future begins with the second`() {
        var times = ArrivalTime()
        #expect(times.arrival(at: captureStart + 400 * day, next: captureStart) == captureStart)
        #expect(times.arrival(at: captureStart, next: nil) == captureStart)
    }

    @Test func `after a long silence time goes on when the next request agrees`() {
        var times = ArrivalTime()
        _ = times.arrival(at: captureStart, next: captureStart + 3 * day)
        #expect(times.arrival(at: captureStart + 3 * day, next: captureStart + 3 * day + 1) == captureStart + 3 * day)
    }
}

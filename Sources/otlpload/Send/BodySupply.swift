import CollectorCore
import CollectorTransport
import NIOCore

/// Where a lane gets the body of its next request from.
struct BodySupply: Sendable {
    /// Compressed bodies are made in advance: compressing each request would take most of a core.
    static let compressedBodies = 16
    /// The client holds a body until its answer has been handled, so the next one is prepared in another.
    private static let plainBodies = 2

    private var bodies: [StandardBody] = []
    private var compressed: [ByteBuffer] = []
    private var next = 0
    private var random: SplitMix64

    /// The supplies of all lanes of a plan.
    ///
    /// - Parameters:
    ///   - run: tells this run's trace ids from those of all others.
    ///   - wallTime: nanoseconds since 1970-01-01 UTC.
    static func supplies(for plan: LoadPlan, run: UInt64, wallTime: UInt64) -> [BodySupply] {
        let compressed = plan.isCompressed ? compressedSet(plan, run: run, wallTime: wallTime) : []
        return (0..<plan.lanes).map { lane in
            var supply = BodySupply(random: SplitMix64(seed: run &+ UInt64(lane) &* 0x9e37_79b9))
            if compressed.isEmpty {
                supply.bodies = (0..<plainBodies).map {
                    plan.body(number: lane * plainBodies + $0, wallTime: wallTime)
                }
            } else {
                supply.compressed = compressed
                supply.next = lane % compressed.count
            }
            return supply
        }
    }

    private static func compressedSet(_ plan: LoadPlan, run: UInt64, wallTime: UInt64) -> [ByteBuffer] {
        var random = SplitMix64(seed: run)
        return (0..<compressedBodies).compactMap { number in
            var body = plan.body(number: number, wallTime: wallTime)
            body.refresh(using: &random, wallTime: wallTime)
            return Deflater.gzip([body.bytes])
        }
    }

    private init(random: SplitMix64) {
        self.random = random
    }

    /// The next request's body.
    mutating func take(wallTime: () -> UInt64) -> ByteBuffer {
        if !compressed.isEmpty {
            next = (next + 1) % compressed.count
            return compressed[next]
        }
        next = (next + 1) % bodies.count
        bodies[next].refresh(using: &random, wallTime: wallTime())
        return bodies[next].bytes
    }
}

extension LoadPlan {
    fileprivate func body(number: Int, wallTime: UInt64) -> StandardBody {
        let seed = seed &* 1_000_003 &+ UInt64(number)
        return switch signal {
        case .metrics: StandardMetrics.body(points: itemsPerRequest, seed: seed, wallTime: wallTime)
        default: StandardTraces.body(spans: itemsPerRequest, seed: seed, wallTime: wallTime, shape: shape)
        }
    }
}

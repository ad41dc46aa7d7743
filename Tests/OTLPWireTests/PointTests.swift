import OTLPWire
import Testing

/// Metrics: the index, and points that are invalid by their meaning.
@Suite struct PointTests {
    private func metrics(_ metrics: Bytes...) -> Bytes {
        let scope = field(1, field(1, "scope")) + metrics.flatMap { field(2, $0) } + field(3, "scope-url")
        return field(1, field(1, field(1, attribute("a", "b"))) + field(2, scope) + field(3, "url"))
    }

    private func gauge(_ points: Bytes...) -> Bytes { field(1, "g") + field(5, points.flatMap { field(1, $0) }) }

    private func histogram(_ points: Bytes...) -> Bytes {
        field(1, "h") + field(9, points.flatMap { field(1, $0) } + varintField(2, 2))
    }

    private func point(count: UInt64, buckets: [UInt64], bounds: [Double], flags: UInt64? = nil, packed: Bool = true)
        -> Bytes
    {
        var bytes = fixed64Field(4, count)
        if packed {
            if !buckets.isEmpty { bytes += field(6, buckets.flatMap { littleEndian($0, 8) }) }
            if !bounds.isEmpty { bytes += field(7, bounds.flatMap { littleEndian($0.bitPattern, 8) }) }
        } else {
            bytes += buckets.flatMap { fixed64Field(6, $0) } + bounds.flatMap { fixed64Field(7, $0.bitPattern) }
        }
        if let flags { bytes += varintField(10, flags) }
        return bytes
    }

    private func problem(_ metric: Bytes) throws -> String? {
        let validation = try validateMetrics(metrics(metric).span)
        return validation.refusedCount == 0 ? nil : validation.refusedReason
    }

    @Test("A metric's entry says its name, kind, data and number of points")
    func entries() throws {
        let value = fixed64Field(6, 1)
        let request = metrics(
            gauge(value, value),
            field(1, "s") + field(2, "description") + field(7, field(1, value) + varintField(2, 2) + varintField(3, 1)),
            histogram(point(count: 0, buckets: [], bounds: [])),
            field(10, field(1, fixed64Field(4, 1)) + varintField(2, 1)) + field(1, "late name"),
            field(11, field(1, []) + field(1, field(6, fixed64Field(1, 0)))))
        let (index, validation) = try metricIndex(request)
        #expect(index.metrics.map(\.kind) == [.gauge, .sum, .histogram, .exponentialHistogram, .summary])
        #expect(index.metrics.map(\.pointCount) == [2, 1, 1, 1, 2])
        #expect(index.metrics.map { text(request.span, $0.name) } == ["g", "s", "h", "late name", ""])
        #expect(slice(request, index.metrics[0].data) == field(1, value) + field(1, value))
        #expect(slice(request, index.metrics[0].range) == gauge(value, value))
        #expect(index.pointCount == 7 && validation.index.itemCount == 7)
        #expect(validation.refusedCount == 0)
        #expect(validation.index.memoryBytes >= 5 * MemoryLayout<MetricEntry>.stride)
    }

    @Test("Metrics without points, and groups of only such, are not in the index")
    func empty() throws {
        let request = metrics(field(1, "nothing"), gauge()) + metrics(gauge(fixed64Field(4, 1)))
        let index = try metricIndex(request).index
        #expect(index.metrics.count == 1 && index.scopes.count == 1 && index.resources.count == 1)
        #expect(try metricIndex([]).index.metrics.isEmpty)
    }

    @Test("67: a number point needs a value, unless it is flagged as having none")
    func numberPoints() throws {
        let missing = "a number data point must have as_int or as_double"
        #expect(try problem(gauge([])) == missing)
        #expect(try problem(gauge(fixed64Field(3, 1) + field(7, attribute("a", "b")))) == missing)
        #expect(try problem(field(7, field(1, varintField(8, 2)))) == missing)
        #expect(try problem(gauge(varintField(8, 1))) == nil)
        #expect(try problem(gauge(fixed64Field(4, 0))) == nil)
        #expect(try problem(gauge(fixed64Field(6, 0))) == nil)
    }

    @Test("66: bucket counts and bounds must fit together", arguments: [true, false])
    func histogramPoints(packed: Bool) throws {
        func problem(_ count: UInt64, _ buckets: [UInt64], _ bounds: [Double], flags: UInt64? = nil) throws -> String? {
            try self.problem(
                histogram(point(count: count, buckets: buckets, bounds: bounds, flags: flags, packed: packed)))
        }
        #expect(try problem(6, [1, 2, 3], [1, 2]) == nil)
        #expect(try problem(6, [], []) == nil)
        #expect(try problem(6, [6], []) == nil)
        #expect(try problem(3, [1, 2], [-.infinity]) == nil)
        #expect(try problem(3, [1, 2], [.infinity]) == nil)

        let lengths = "a histogram data point must have one bucket count more than explicit bounds"
        #expect(try problem(3, [1, 2], []) == lengths)
        #expect(try problem(3, [], [1]) == lengths)
        #expect(try problem(3, [1, 2], [1, 2]) == lengths)
        let order = "a histogram data point's explicit bounds must be strictly increasing"
        #expect(try problem(3, [1, 1, 1], [2, 2]) == order)
        #expect(try problem(3, [1, 1, 1], [2, 1]) == order)
        #expect(try problem(3, [1, 1, 1], [-.infinity, -.infinity]) == order)
        #expect(try problem(3, [1, 2], [.nan]) == order)
        #expect(try problem(3, [1, 1, 1], [1, .nan]) == order)
        let sum = "a histogram data point's count must not be less than the sum of its bucket counts"
        #expect(try problem(5, [1, 2, 3], [1, 2]) == sum)
        #expect(try problem(5, [1, 2, 3], [1, 2], flags: 2) == sum)
        #expect(try problem(1, [.max, 2], [0]) == sum, "a sum beyond 64 bits")
        #expect(try problem(.max, [.max, 1, .max], [0, 1]) == sum)
        #expect(try problem(.max, [.max, 0], [0]) == nil)
        #expect(try problem(7, [1, 2, 3], [1, 2]) == nil, "read without a lock")
        #expect(try problem(7, [1, 2, 3], [1], flags: 1) == nil, "no recorded value")
    }

    @Test("62: packed and unpacked elements of one field add up")
    func mixedPacking() throws {
        let mixed =
            fixed64Field(6, 1) + field(6, littleEndian(2, 8) + littleEndian(3, 8))
            + fixed64Field(7, Double(1).bitPattern)
            + fixed64Field(4, 6) + field(7, littleEndian(Double(2).bitPattern, 8)) + field(6, [])
        #expect(try problem(histogram(mixed)) == nil)
        #expect(try problem(histogram(mixed + fixed64Field(6, 0))) != nil)
    }

    @Test("68, 69: neither a missing time nor an unspecified temporality makes a point invalid")
    func lenient() throws {
        #expect(try problem(field(9, field(1, []))) == nil)
        #expect(try problem(field(7, field(1, fixed64Field(6, 1)))) == nil)
    }

    @Test("66, 67: refused points are cut out and everything else stays, in its order")
    func withoutRefused() throws {
        let good = fixed64Field(6, 1) + field(7, attribute("k", "v"))
        let goodHistogram = point(count: 3, buckets: [1, 2], bounds: [1])
        let badHistogram = point(count: 2, buckets: [1, 2], bounds: [1])
        // Long enough that lengths need two bytes before and one after.
        let bad = field(7, attribute("k", String(repeating: "x", count: 150)))
        let request =
            metrics(gauge(bad, [], good, [], bad), histogram(goodHistogram, badHistogram)) + metrics(gauge(good))
            + metrics(gauge(bad), gauge(good, [])) + varintField(77, 1)
        let (index, validation) = try metricIndex(request)
        #expect(validation.refusedCount == 7)
        #expect(index.pointCount == 4)
        #expect(index.metrics.map(\.pointCount) == [1, 1, 1, 0, 1])
        #expect(validation.refusedPoints.map(\.metric) == [0, 0, 1, 3, 4], "neighbours are one entry")

        let rest = withoutRefusedPoints(request.span, index, validation.refusedPoints)
        let expected =
            metrics(gauge(good), histogram(goodHistogram)) + metrics(gauge(good)) + metrics(gauge(), gauge(good))
            + varintField(77, 1)
        #expect(rest == expected)
        let again = try validateMetrics(rest.span)
        #expect(again.refusedCount == 0 && again.index.itemCount == 4)
    }

    @Test("Log records are counted, and validated like everything else")
    func logs() throws {
        let record =
            fixed64Field(1, 1) + varintField(2, 9) + field(3, "INFO") + field(5, field(1, "text")) + field(12, "name")
        let request = field(
            1, field(1, []) + field(2, field(2, record) + field(2, []) + field(3, "url")) + field(2, []))
        let validation = try validateLogs(request.span)
        #expect(validation.index.itemCount == 2)
        #expect(validation.index.memoryBytes == 0)
        #expect(!validation.needsCanonicalForm)
        #expect(throws: WireError.self) { try validateLogs(field(1, field(2, field(2, field(3, [0xff])))).span) }
    }
}

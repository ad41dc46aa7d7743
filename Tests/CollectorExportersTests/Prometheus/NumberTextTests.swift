import CollectorTestKit
import Testing

@testable import CollectorExporters

@Suite("prometheus, numbers as text")
struct NumberTextTests {
    private func text(_ value: Double, _ style: NumberStyle = .text) -> String {
        var bytes: [UInt8] = []
        bytes.append(number: value, style)
        return bytes.text
    }

    @Test("integers are exact beyond 2^53 (conformance 142)")
    func integers() {
        var bytes: [UInt8] = []
        bytes.append(decimal: Int64(9_007_199_254_740_993))
        bytes.append(.space)
        bytes.append(decimal: Int64.min)
        bytes.append(.space)
        bytes.append(decimal: UInt64.max)
        bytes.append(.space)
        bytes.append(decimal: UInt64(0))
        #expect(bytes.text == "9007199254740993 -9223372036854775808 18446744073709551615 0")
    }

    @Test("counts of every length are written in full")
    func counts() {
        var sink = ByteSink(capacity: 1)
        var expected: [UInt8] = []
        var power: UInt64 = 1
        var counts: [UInt64] = [0, 9, 42, .max - 1, .max]
        for _ in 0..<19 {
            power *= 10
            counts += [power - 1, power, power + 1, power / 3, power + power / 20]
        }
        for count in counts {
            sink.append(decimal: count)
            sink.append(.space)
            expected += Array("\(count) ".utf8)
        }
        #expect(sink.array() == expected)
    }

    @Test("doubles are short and whole ones say in OpenMetrics that they are no integers (conformance 174)")
    func doubles() {
        #expect(text(3) == "3")
        #expect(text(3, .openMetrics) == "3.0")
        #expect(text(-0.125) == "-0.125")
        #expect(text(1234.5, .openMetrics) == "1234.5")
        #expect(text(0.007) == "0.007")
        #expect(text(.infinity) == "+Inf")
        #expect(text(-.infinity) == "-Inf")
        #expect(text(.nan) == "NaN")
    }

    @Test("every double reads back as itself")
    func roundTrip() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let bits = Double(bitPattern: generator.next())
            let short = Double(Int64.random(in: -5_000_000...5_000_000)) / 1000
            for value in [bits, short, short * 1e6, short / 1e9] where value.isFinite {
                #expect(Double(text(value)) == value)
                #expect(Double(text(value, .openMetrics)) == value)
                #expect(Double(canonicalBound(value, .openMetrics).text) == value)
                #expect(Double(jsonNumber(value).text) == value)
            }
        }
    }

    @Test("bounds are canonical (conformance 173)")
    func bounds() {
        let values = [0, 0.001, 1, 10, 100_000, 1e6, 1e-5, 1e-10, 1.5e21, .infinity]
        let openMetrics = values.map { canonicalBound($0, .openMetrics).text }
        #expect(
            openMetrics == ["0.0", "0.001", "1.0", "10.0", "100000.0", "1e+06", "1e-05", "1e-10", "1.5e+21", "+Inf"])
        #expect(
            values.map { canonicalBound($0, .text).text } == [
                "0", "0.001", "1", "10", "100000", "1e+06", "1e-05", "1e-10", "1.5e+21", "+Inf",
            ])
    }

    @Test("attribute values print as JSON numbers (conformance 118)")
    func json() {
        let values = [2, 1e21, 1e20, 1e-7, 0.1, -0.0, .nan, .infinity, -.infinity]
        #expect(
            values.map { jsonNumber($0).text } == [
                "2", "1e+21", "100000000000000000000", "1e-7", "0.1", "-0", "NaN", "Infinity", "-Infinity",
            ])
    }

    @Test("times are seconds without an exponent (conformance 155, 177)")
    func seconds() {
        var bytes: [UInt8] = []
        bytes.append(seconds: 1_700_000_000_250_000_001)
        bytes.append(.space)
        bytes.append(seconds: 1_700_000_000_000_000_000)
        #expect(bytes.text == "1700000000.250000001 1700000000")
    }
}

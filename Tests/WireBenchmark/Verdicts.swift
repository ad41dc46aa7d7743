import Glibc
import OTLPWire

/// Reads requests from standard input and prints a line about each: what another implementation can be compared with.
///
/// Input, repeatedly: a byte `t`, `m` or `l` for the signal, the size as four little-endian bytes, the request.
/// Output, for each: `refused REASON`, `rewrite`, or `accepted ITEMS REFUSED HEX` where HEX is what would be sent on:
/// the spans of the index, the metrics without refused points, or the request itself.
func printVerdicts() {
    while let signal = readBytes(1)?.first, let size = readBytes(4) {
        let count = size.reversed().reduce(0) { $0 << 8 | Int($1) }
        guard let request = readBytes(count) else { return }
        print(verdict(signal, request))
    }
}

private func verdict(_ signal: UInt8, _ request: [UInt8]) -> String {
    do throws(WireError) {
        let validation =
            switch signal {
            case UInt8(ascii: "m"): try validateMetrics(request.span)
            case UInt8(ascii: "l"): try validateLogs(request.span)
            default: try validateTraces(request.span)
            }
        if validation.needsCanonicalForm { return "rewrite" }
        let output =
            switch validation.index {
            case .traces(let index): written(index, request)
            case .metrics(let index): withoutRefusedPoints(request.span, index, validation.refusedPoints)
            case .logs: request
            }
        return "accepted \(validation.index.itemCount) \(validation.refusedCount) \(hexadecimal(output))"
    } catch {
        return "refused \(error.reason)"
    }
}

private func written(_ index: TraceIndex, _ request: [UInt8]) -> [UInt8] {
    let plan = TraceWriter(index)
    return writtenBytes(capacity: plan.size) { plan.write(request.span, to: &$0) }
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// The next bytes of standard input; nil at its end.
private func readBytes(_ count: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(count, 1 << 20))
    while bytes.count < count {
        let byte = getchar()
        guard byte != EOF else { return nil }
        bytes.append(UInt8(truncatingIfNeeded: byte))
    }
    return bytes
}

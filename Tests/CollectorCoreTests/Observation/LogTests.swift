import CollectorCore
import CollectorTestKit
import Testing

@Suite struct LogTests {
    private let lines = TestLog()

    private func log(
        _ format: Log.Format, minimum: Log.Level = .info, fields: [(name: String, value: String)] = []
    ) -> Log {
        Log(minimum: minimum, format: format, fields: fields, write: { [lines] in lines.append($0) })
    }

    /// The one line without its time.
    private func line(_ format: Log.Format) throws -> String {
        let line = try #require(lines.lines.first)
        #expect(lines.lines.count == 1)
        let start = format == .json ? line.firstRange(of: "\"ts\":\"")?.upperBound : line.startIndex
        let from = try #require(start)
        let to = line.index(from, offsetBy: 24)
        let time = line[from..<to]
        #expect(time.wholeMatch(of: /20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d\.\d{3}Z/) != nil, "\(time)")
        return String(line[..<from] + line[to...])
    }

    @Test func `a console line has time, level, component, message and fields`() throws {
        log(.console, fields: [("region", "eu")]).named("exporter/otlp_http").warn("queue full")
        #expect(try line(.console) == " warn  exporter/otlp_http\tqueue full\tregion=eu\n")
    }

    @Test func `what senders wrote cannot look like another event`() throws {
        log(.console, fields: [("a", "1\r\n2")]).error("one\ntwo\u{1B}[31m\u{7F}")
        #expect(try line(.console) == " error service\tone two [31m \ta=1  2\n")
    }

    @Test func `a JSON line is one object with escaped strings`() throws {
        log(.json, fields: [("path", "a\\b")]).info("say \"hi\"\nthen\u{1}go é")
        #expect(
            try line(.json)
                == #"{"level":"info","ts":"","component":"service","msg":"say \"hi\"\nthen\u0001go é","path":"a\\b"}"#
                + "\n"
        )
    }

    @Test(arguments: [
        (Log.Level.debug, 4), (.info, 3), (.warn, 2), (.error, 1), (.fatal, 0), (.none, 0),
    ])
    func `events below the minimum are not written`(_ minimum: Log.Level, _ count: Int) {
        let log = log(.console, minimum: minimum)
        log.debug("d")
        log.info("i")
        log.warn("w")
        log.error("e")
        #expect(lines.lines.count == count)
    }

    @Test func `a message that is not written is not made`() {
        log(.console).debug(made("unused"))
        #expect(lines.lines.isEmpty)
    }

    private func made(_ text: String) -> String {
        lines.append("made")
        return text
    }
}

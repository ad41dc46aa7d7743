import CollectorCore
import CollectorTransport
import NIOCore

/// How a debug page answers: for programs or for people. `?format=` decides, then the `Accept` header, then JSON.
enum DebugFormat: String, Sendable, CaseIterable {
    case json
    case text

    /// Answers a request whose parameters are these and `format`; mistakes become 400.
    static func answer(
        _ request: PageRequest, parameters: [String],
        _ make: (DebugFormat, QueryParameters) throws(QueryError) -> HTTPAnswer
    ) -> HTTPAnswer {
        var format = DebugFormat(accept: request.accept)
        do throws(QueryError) {
            let parameters = try QueryParameters(request.query, known: parameters + ["format"])
            if let name = parameters["format"] {
                guard let asked = DebugFormat(rawValue: name) else {
                    throw QueryError("format: expected `json` or `text`, found `\(name.clipped(to: 64).printable)`")
                }
                format = asked
            }
            return try make(format, parameters)
        } catch {
            return format.error(400, error.message)
        }
    }

    /// The first of the two media types that `Accept` lists.
    private init(accept: String?) {
        for range in (accept ?? "").split(separator: ",") {
            let type = range.prefix { $0 != ";" }.drop { $0 == " " || $0 == "\t" }
            switch type.prefix(while: { $0 != " " && $0 != "\t" }).lowercased() {
            case "text/plain":
                self = .text
                return
            case "application/json":
                self = .json
                return
            default: continue
            }
        }
        self = .json
    }

    func answer(
        _ status: Int = 200, json: @autoclosure () -> JSONValue, text: @autoclosure () -> String
    ) -> HTTPAnswer {
        switch self {
        case .json:
            HTTPAnswer(
                status: status, headers: [("content-type", "application/json")],
                body: ByteBuffer(string: json().text + "\n"))
        case .text: .text(status, text())
        }
    }

    /// - Parameters:
    ///   - members: what else a program may want to read.
    ///   - reasons: why it may be so, each a line for people.
    func error(
        _ status: Int, _ message: String, _ members: [(name: String, value: JSONValue)] = [], reasons: [String] = []
    ) -> HTTPAnswer {
        let causes: [(name: String, value: JSONValue)] =
            reasons.isEmpty ? [] : [("possible_causes", .array(reasons.map { .string($0) }))]
        return answer(
            status, json: .object([("error", .string(message))] + members + causes),
            text: reasons.isEmpty
                ? "\(message)\n" : "\(message); possible causes:\n" + reasons.map { "  - \($0)\n" }.joined())
    }
}

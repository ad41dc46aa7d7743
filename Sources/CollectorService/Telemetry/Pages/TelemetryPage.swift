import CollectorTransport

/// One page of the own telemetry.
protocol TelemetryPage: Sendable {
    var path: PagePath { get }
    /// What it shows, for the list of pages.
    var summary: String { get }

    /// The answer to a GET; called on a worker thread.
    func answer(_ request: PageRequest) -> HTTPAnswer
}

/// Where a page is.
enum PagePath: Sendable, CustomStringConvertible {
    case exact(String)
    /// Everything that begins with the prefix; the placeholder stands for the rest where people read it.
    case below(String, placeholder: String)

    /// The part of `path` that the placeholder stands for, empty when there is none; nil when the page is elsewhere.
    func match(_ path: Substring) -> Substring? {
        switch self {
        case .exact(let own): path == own ? "" : nil
        case .below(let prefix, _): path.hasPrefix(prefix) ? path.dropFirst(prefix.count) : nil
        }
    }

    var description: String {
        switch self {
        case .exact(let path): path
        case .below(let prefix, let placeholder): prefix + placeholder
        }
    }
}

/// What a page may want to know of a request.
struct PageRequest: Sendable {
    /// What the request has where the page's path has its placeholder.
    var argument: Substring = ""
    /// What follows the `?`, as it was sent.
    var query: Substring?
    var accept: String?
}

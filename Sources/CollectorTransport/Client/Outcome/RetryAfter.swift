/// The `Retry-After` header (RFC 9110, 10.2.3; conformance 79).
enum RetryAfter {
    /// Longer waits than a day are taken as a day; nobody keeps data that long.
    private static let longest: Int64 = 86_400

    /// The delay that `value` asks for: seconds, or an HTTP date, of which a past one means no wait. Nil when it is
    /// neither.
    /// - Parameter now: seconds since 1970-01-01 UTC.
    static func delay(_ value: String, now: Int64) -> Duration? {
        let text = value.trimmingSpaces
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // More digits than an Int64 holds mean a long time, not garbage.
            return .seconds(min(Int64(text) ?? longest, longest))
        }
        guard let date = HTTPDate.parse(String(text), now: now) else { return nil }
        return .seconds(min(max(0, date - now), longest))
    }
}

extension String {
    /// Without the spaces and tabs around it.
    var trimmingSpaces: Substring {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var text = drop(while: isSpace)
        while let last = text.last, isSpace(last) { text.removeLast() }
        return text
    }
}

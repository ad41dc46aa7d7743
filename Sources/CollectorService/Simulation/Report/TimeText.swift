import Glibc

/// A time in nanoseconds since 1970 as RFC 3339 in UTC, with whole seconds: `2026-11-21T02:10:01Z`.
package func rfc3339(_ nanoseconds: UInt64) -> String {
    var seconds = time_t(clamping: nanoseconds / 1_000_000_000)
    // unsafe: gmtime_r reads the one and fills the other; the pointer in the structure is not read.
    var parts = unsafe tm()
    unsafe gmtime_r(&seconds, &parts)
    let date = unsafe [parts.tm_mon + 1, parts.tm_mday].map(twoDigits).joined(separator: "-")
    let time = unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map(twoDigits).joined(separator: ":")
    return unsafe "\(Int(parts.tm_year) + 1900)-\(date)T\(time)Z"
}

/// A length of time as people say it: `2d 3h`, `4m 5s`, `1.2s`.
package func spoken(nanoseconds: UInt64) -> String {
    guard nanoseconds >= 60_000_000_000 else { return decimal(Double(nanoseconds) / 1e9, digits: 1) + "s" }
    let seconds = nanoseconds / 1_000_000_000
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60)
    if days > 0 { return "\(days)d \(hours)h" }
    if hours > 0 { return "\(hours)h \(minutes)m" }
    return "\(minutes)m \(seconds % 60)s"
}

private func twoDigits(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }

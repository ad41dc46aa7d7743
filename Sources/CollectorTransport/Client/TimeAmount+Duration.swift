import CollectorCore
import NIOCore

extension TimeAmount {
    /// NIO's amount for a duration, at least zero and at most about 292 years.
    init(_ duration: Duration) {
        self = .nanoseconds(Int64(clamping: duration.nanoseconds))
    }

    /// The same amount for messages.
    var duration: Duration { .nanoseconds(nanoseconds) }
}

/// What a component wants to hold of the byte budget for long.
package struct MemoryClaim: Sendable {
    /// The key that says so.
    package var key: String
    /// In bytes; nil takes the usual part of what there is.
    package var bytes: Int?

    package init(key: String, bytes: Int?) {
        self.key = key
        self.bytes = bytes
    }
}

/// A configuration of a component that fills memory on purpose: with less than what it claims it works, but not as
/// configured. The service compares what all of them claim with the byte budget before it makes the first component.
package protocol ClaimsMemory: Sendable {
    var memoryClaim: MemoryClaim { get }
}

/// What a component's configuration says of the byte budget.
package struct MemoryLimits: Sendable, Equatable {
    /// The most that all buffers may hold together, in bytes.
    package var hard: Int
    /// Above this the component refuses new data; no more than `hard`.
    package var soft: Int

    package init(hard: Int, soft: Int) {
        self.hard = hard
        self.soft = soft
    }
}

/// A configuration that lowers the byte budget.
///
/// The service asks all configurations in use before it makes the first component: components take their share of the
/// budget when they are made, and the order in which they are must not matter for it.
package protocol LimitsMemory: Sendable {
    var memoryLimits: MemoryLimits { get }
}

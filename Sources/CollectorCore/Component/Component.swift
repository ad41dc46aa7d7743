/// A receiver, processor, connector, exporter or extension that the service runs.
///
/// The service starts components downstream first (exporters, then processors, then receivers), so that whoever starts may
/// send at once, and shuts them down upstream first, so that whoever shuts down gets nothing new.
package protocol Component: AnyObject, Sendable {
    /// Called once, before any traffic reaches the component. Throwing stops the service.
    func start() async throws(ComponentError)

    /// Called when the service begins to shut down, while receivers still have calls under way: answers those that would
    /// wait for something that need not come any more. What comes afterwards is to be taken or refused at once.
    func prepareForShutdown()

    /// Called when nothing upstream sends any more: delivers what is held, until `deadline` (nanoseconds of the
    /// clock's `now()`), counts what remains as dropped. Safe without `start` and when called twice.
    func shutdown(deadline: UInt64) async
}

extension Component {
    package func prepareForShutdown() {}
}

/// Why a component cannot run: shown to the operator, ends the process with status 1.
package struct ComponentError: Error, Sendable, CustomStringConvertible {
    /// Names what failed, where, and what would be right.
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// A component that takes batches.
package typealias ConsumingComponent = Component & Consumer

import Synchronization

/// Objects that several component instances find under one key: `exemplars` is used in a traces and in a metrics pipeline
/// and works on one store.
package final class SharedState: Sendable {
    private let objects = Mutex<[String: any AnyObject & Sendable]>([:])

    package init() {}

    /// The object of `key`, made by `make` for the first who asks. A key belongs to one type; nil when another type
    /// stands under it.
    package func object<Object: AnyObject & Sendable>(
        _ key: String, make: () -> Object
    ) -> Object? {
        objects.withLock { objects in
            if let known = objects[key] { return known as? Object }
            let made = make()
            objects[key] = made
            return made
        }
    }
}

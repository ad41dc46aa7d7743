import Glibc

/// The environment variables that `${env:NAME}` sees: the process's own, or a table in tests.
package struct ConfigEnvironment: Sendable {
    private let lookUp: @Sendable (String) -> String?

    package init(_ variables: [String: String]) {
        lookUp = { variables[$0] }
    }

    private init(lookUp: @escaping @Sendable (String) -> String?) {
        self.lookUp = lookUp
    }

    /// The environment of this process, read when asked.
    package static let process = ConfigEnvironment(lookUp: { name in
        // The pointer is valid until the environment changes, which nothing in this process does; the text is copied at
        // once.
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    })

    /// The value of a variable; nil when it is not set, which differs from set to nothing.
    package subscript(name: String) -> String? {
        lookUp(name)
    }
}

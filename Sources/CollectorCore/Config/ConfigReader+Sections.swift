// Sections inside sections. `finish()` of the outermost reader checks them all.
extension ConfigReader {
    /// The section under the key, or nil when the key is absent. A key with nothing after it is a section with all
    /// defaults, so presence alone can switch something on (`protocols: {grpc: }`).
    package func section(_ key: String) -> ConfigReader? {
        has(key) ? child(key) : nil
    }

    /// The section under the key; one with all defaults when the key is absent.
    package func settings(_ key: String) -> ConfigReader {
        child(key)
    }

    /// A reader for each item of a list of sections; empty when the key is absent or null.
    package func sections(_ key: String) -> [ConfigReader] {
        list(key).map(adopt)
    }

    /// A reader for each section of a map whose keys are names of the user's choice.
    package func namedSections(_ key: String) -> [(name: String, reader: ConfigReader)] {
        map(key).map { ($0.key, adopt($0.value)) }
    }
}

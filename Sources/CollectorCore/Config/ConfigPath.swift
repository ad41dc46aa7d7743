/// The keys that lead from the root of the configuration to a value, e.g. `exporters.otlp_http.headers[0].value`.
package struct ConfigPath: Sendable, Hashable, CustomStringConvertible {
    package enum Step: Sendable, Hashable {
        case key(String)
        case index(Int)
    }

    package private(set) var steps: [Step]

    package static let root = ConfigPath()

    package init(_ keys: String...) {
        steps = keys.map(Step.key)
    }

    package func appending(_ key: String) -> ConfigPath {
        appending(.key(key))
    }

    package func appending(_ index: Int) -> ConfigPath {
        appending(.index(index))
    }

    private func appending(_ step: Step) -> ConfigPath {
        var path = self
        path.steps.append(step)
        return path
    }

    /// The last key of the path, or the empty string for the root and for list items.
    package var lastKey: String {
        guard case .key(let key) = steps.last else { return "" }
        return key
    }

    /// Dots between keys, as `--set` takes them; indices in brackets.
    package var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .key(let key):
                if !text.isEmpty { text += "." }
                text += key
            case .index(let index):
                text += "[\(index)]"
            }
        }
        return text
    }
}

/// An endpoint in the configuration that cannot be used; says which value, what is wrong with it and what would be
/// right.
package struct EndpointError: Error, Equatable, CustomStringConvertible {
    package let value: String
    package let problem: String
    package let expected: String

    package var description: String { "endpoint \"\(value)\": \(problem); expected \(expected)" }
}

import CollectorCore
import Testing

@Suite("Component ids")
struct ComponentIDTests {
    @Test(
        "An id is a type and perhaps a name, spaces around them dropped",
        arguments: [
            ("otlp", "otlp", ""), ("otlp/in", "otlp", "in"), ("otlp_http/a.b-c/d", "otlp_http", "a.b-c/d"),
            (" otlp / in ", "otlp", "in"),
            ("a", "a", ""), ("A1_", "A1_", ""), ("otlp/größe", "otlp", "größe"),
            (String(repeating: "x", count: 63), String(repeating: "x", count: 63), ""),
        ])
    func parses(text: String, type: String, name: String) throws {
        let id = try ComponentID(parsing: text)
        #expect(id == ComponentID(type: type, name: name))
        #expect(id.description == (name.isEmpty ? type : "\(type)/\(name)"))
    }

    @Test(
        "What is no id is refused with the reason",
        arguments: [
            ("", "`` is no component id; expected `type` or `type/name`"),
            ("/x", "`/x` is no component id; expected `type` or `type/name`"),
            (
                "1otlp",
                "`1otlp` is no component type; expected a letter, then letters, digits or underscores, at most 63"
            ),
            (
                "otlp-http",
                "`otlp-http` is no component type; expected a letter, then letters, digits or underscores, at most 63"
            ),
            ("otlp/", "the id `otlp/` ends in a slash; expected a name after it, or no slash"),
            ("otlp/a b", "the name in `otlp/a b` may not contain spaces, control characters or symbols"),
            ("otlp/a+b", "the name in `otlp/a+b` may not contain spaces, control characters or symbols"),
        ])
    func refuses(text: String, message: String) {
        #expect(throws: ConfigMistake(message)) { try ComponentID(parsing: text) }
    }

    @Test("Types and names have a greatest length")
    func bounds() {
        #expect(throws: ConfigMistake.self) { try ComponentID(parsing: String(repeating: "x", count: 64)) }
        #expect(throws: Never.self) { try ComponentID(parsing: "x/" + String(repeating: "y", count: 1024)) }
        #expect(throws: ConfigMistake.self) { try ComponentID(parsing: "x/" + String(repeating: "y", count: 1025)) }
    }
}

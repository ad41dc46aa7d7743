/// The messages of `proto/` as plain Swift values, read once from the libprotobuf-c descriptors.
///
/// Everything that walks a message (JSON, canonical form, debug text) is driven by this table. It is flat: fields refer
/// to messages and enums by index, names lie in one pool, so that looking something up touches no reference counts.
final class Schema: Sendable {
    static let shared = Schema()

    let messages: [Message]
    /// The fields of all messages; each message owns a range, ascending by number.
    let fields: [Field]
    let enums: [Enumeration]
    /// The JSON names of all fields, one after the other.
    let names: [UInt8]
    private let roots: [MessageKind: Int]

    struct Message: Sendable {
        /// Full name, such as `opentelemetry.proto.trace.v1.Span`.
        let name: String
        let fields: Range<Int>
        let form: JSONForm
        let descriptor: Descriptor
    }

    /// How a message looks in JSON.
    enum JSONForm: Sendable {
        case object
        /// `google.protobuf.Any`: the fields of the message inside, and `@type`.
        case any
        /// `google.protobuf.Duration`: a string such as `1.5s`.
        case duration
    }

    struct Field: Sendable {
        let number: UInt32
        let type: FieldType
        let isRepeated: Bool
        /// The JSON name, as a range of `Schema.names`.
        let name: Range<Int>
        /// Tells the oneofs of a message apart; nil for a field outside any.
        let oneof: UInt32?
        /// Index of the message or of the enum; 0 for other types.
        let target: Int
        /// Where the value lies in the C struct.
        let offset: Int
        /// Where the C struct has the element count (repeated) or the number of the set member (oneof).
        let quantifierOffset: Int
    }

    struct Enumeration: Sendable {
        let values: [(name: String, number: Int32)]

        func number(named name: String) -> Int32? {
            values.first { $0.name == name }?.number
        }

        func name(of number: Int32) -> String? {
            values.first { $0.number == number }?.name
        }
    }

    private init() {
        var builder = SchemaBuilder()
        var roots: [MessageKind: Int] = [:]
        for kind in MessageKind.allCases {
            roots[kind] = builder.add(Descriptor(of: kind))
        }
        self.roots = roots
        messages = builder.finishedMessages()
        fields = builder.fields
        enums = builder.enums
        names = builder.names
    }

    /// The index of the message a kind stands for.
    func message(of kind: MessageKind) -> Int {
        // Every kind was added at construction; the fallback is never used.
        roots[kind] ?? 0
    }

    /// The index of the message with this full name.
    func message(named name: String) -> Int? {
        messages.firstIndex { $0.name == name }
    }

    /// The index of the field that has `number` in a message.
    func field(_ number: UInt32, of message: Int) -> Int? {
        let range = messages[message].fields
        // Numbers are dense in OTLP: the field is at its number, or a little before it.
        var index = min(range.upperBound, range.lowerBound + Int(min(number, 64)))
        while index > range.lowerBound {
            index -= 1
            if fields[index].number == number { return index }
            if fields[index].number < number { return nil }
        }
        return nil
    }

    func jsonName(_ field: Int) -> String {
        String(decoding: names[fields[field].name], as: UTF8.self)
    }
}

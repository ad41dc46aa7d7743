import OTLPWire

/// The types of OTTL values, named as messages name them.
enum OTTLType: String, Sendable, CustomStringConvertible {
    case nothing = "nil"
    case bool = "a bool"
    case int = "an int"
    case double = "a float"
    case string = "a string"
    case bytes = "bytes"
    case time = "a time"
    case duration = "a duration"
    case list = "a list"
    case map = "a map"
    case traceID = "a trace id"
    case spanID = "a span id"
    /// Events, links and the status as a whole.
    case message = "a message"

    var description: String { rawValue }
}

/// A value while a condition is evaluated. What stands in the request stays there.
enum OTTLValue: Sendable {
    case nothing
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(OTTLText)
    case bytes(OTTLText)
    /// Nanoseconds since 1970.
    case time(Int64)
    /// Nanoseconds.
    case duration(Int64)
    case list(OTTLList)
    case map(OTTLMessageItems)
    case traceID(TraceID)
    case spanID(UInt64)
    /// Messages that can only be counted.
    case messages(OTTLMessageItems)
    case status

    init(_ value: AttributeValue) {
        switch value {
        case .empty: self = .nothing
        case .string(let range): self = .string(.inPlace(range))
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .int(number)
        case .double(let number): self = .double(number)
        case .array(let range): self = .list(.inPlace(range))
        case .keyValueList(let range): self = .map(OTTLMessageItems(message: range, field: 1))
        case .bytes(let range): self = .bytes(.inPlace(range))
        }
    }

    var type: OTTLType {
        switch self {
        case .nothing: .nothing
        case .bool: .bool
        case .int: .int
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .time: .time
        case .duration: .duration
        case .list: .list
        case .map: .map
        case .traceID: .traceID
        case .spanID: .spanID
        case .messages, .status: .message
        }
    }
}

/// Bytes of a string or of bytes: a range of the request, or made by the condition.
struct OTTLText: Sendable {
    private let isInPlace: Bool
    /// Empty for a range of the request.
    private let made: [UInt8]
    private let range: ByteRange

    static func inPlace(_ range: ByteRange) -> OTTLText { OTTLText(isInPlace: true, made: [], range: range) }

    static func made(_ bytes: [UInt8]) -> OTTLText { OTTLText(isInPlace: false, made: bytes, range: .empty) }

    private init(isInPlace: Bool, made: [UInt8], range: ByteRange) {
        self.isInPlace = isInPlace
        self.made = made
        self.range = range
    }

    init(_ text: String) { self.init(isInPlace: false, made: Array(text.utf8), range: .empty) }

    /// The bytes of a made text; nil for a range of the request.
    var madeBytes: [UInt8]? { isInPlace ? nil : made }

    @_lifetime(copy bytes, borrow self)
    func span(in bytes: Span<UInt8>) -> Span<UInt8> {
        if !isInPlace { return made.span }
        guard range.start <= range.end, range.end <= bytes.count else { return bytes.extracting(0..<0) }
        return bytes.extracting(range.range)
    }

    func copied(from bytes: Span<UInt8>) -> [UInt8] {
        if !isInPlace { return made }
        let span = span(in: bytes)
        var copy: [UInt8] = []
        copy.reserveCapacity(span.count)
        for position in 0..<span.count { copy.append(span[position]) }
        return copy
    }
}

/// The occurrences of one repeated field of a message: attributes (KeyValue), events, links.
struct OTTLMessageItems: Sendable {
    let message: ByteRange
    let field: UInt32

    func count(in bytes: Span<UInt8>) -> Int {
        var fields = FieldCursor(bytes, message)
        var count = 0
        while let item = fields.next() {
            if item.number == field, case .bytes = item.value { count &+= 1 }
        }
        return count
    }

    /// The value under a key of a map, the first one when there are several; nothing when there is none.
    func value(of key: [UInt8], in bytes: Span<UInt8>) -> AttributeValue? {
        var attributes = AttributeCursor(bytes, message: message, fieldNumber: field)
        while let attribute = attributes.next() {
            if attribute.key.count == key.count, areEqual(bytes.extracting(attribute.key.range), key.span) {
                return attribute.value
            }
        }
        return nil
    }
}

/// A list: an ArrayValue of the request, or one that a condition made.
enum OTTLList: Sendable {
    case inPlace(ByteRange)
    case made([OTTLValue])

    /// `ArrayValue.values`
    private static let valuesField: UInt32 = 1

    func count(in bytes: Span<UInt8>) -> Int {
        switch self {
        case .inPlace(let array): OTTLMessageItems(message: array, field: Self.valuesField).count(in: bytes)
        case .made(let values): values.count
        }
    }

    /// Calls `body` with each element until it returns false.
    func forEach<Failure: Error>(
        in bytes: Span<UInt8>, _ body: (OTTLValue) throws(Failure) -> Bool
    ) throws(Failure) {
        switch self {
        case .inPlace(let array):
            var fields = FieldCursor(bytes, array)
            while let field = fields.next() {
                guard field.number == Self.valuesField, case .bytes(let range) = field.value else { continue }
                guard try body(OTTLValue(AttributeValue(bytes, anyValue: range))) else { return }
            }
        case .made(let values):
            for value in values {
                guard try body(value) else { return }
            }
        }
    }

    func element(_ index: Int64, in bytes: Span<UInt8>) -> OTTLValue? {
        var position: Int64 = 0
        var found: OTTLValue?
        forEach(in: bytes) { value in
            if position == index { found = value }
            position &+= 1
            return found == nil
        }
        return found
    }

    func values(in bytes: Span<UInt8>) -> [OTTLValue] {
        var values: [OTTLValue] = []
        forEach(in: bytes) { value in
            values.append(value)
            return true
        }
        return values
    }
}

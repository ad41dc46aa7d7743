import OTLPWire

@testable import CollectorExporters

/// An exposition in the delimited protobuf format, read strictly: whatever a writer must keep to and does not, throws.
struct MessageExposition {
    struct Family {
        var name = ""
        var help = ""
        var type: UInt64 = 0
        var unit = ""
        var metrics: [Metric] = []
    }

    struct Metric {
        var labels: [String: String] = [:]
        /// Of a gauge, a counter or an untyped metric.
        var value: Double?
        var exemplars: [ReadMessageExemplar] = []
        var created: UInt64 = 0
        var milliseconds: UInt64?
        var histogram: Histogram?
        var quantiles: [Double: Double]?
        var count: UInt64 = 0
        var sum: Double?
    }

    struct Histogram {
        var buckets: [(count: UInt64, bound: Double)] = []
        var schema: Int64?
        var zeroThreshold = 0.0
        var zeroCount: UInt64 = 0
        /// By Prometheus's index: the bucket's upper bound is base^index.
        var positive: [Int64: Int64] = [:]
        var negative: [Int64: Int64] = [:]
        var spans: [(offset: Int64, length: UInt64)] = []
    }

    struct ReadMessageExemplar: Equatable {
        var labels: [String: String] = [:]
        var value = 0.0
        /// Nanoseconds since 1970; 0 for none.
        var time: UInt64 = 0
    }

    private(set) var families: [Family] = []

    subscript(name: String) -> Family? { families.first { $0.name == name } }

    init(_ bytes: [UInt8]) throws {
        var position = 0
        while position < bytes.count {
            var reader = WireReader(bytes.span, ByteRange(position, bytes.count))
            guard let message = reader.lengthDelimited() else { throw ExpositionError("a family is cut off") }
            families.append(try Self.family(try Message(bytes, message)))
            position = message.end
        }
        guard Set(families.map(\.name)).count == families.count else { throw ExpositionError("a family comes twice") }
    }

    private static func family(_ message: Message) throws -> Family {
        var family = Family()
        for field in message.fields {
            switch field.number {
            case 1: family.name = try field.text()
            case 2: family.help = try field.text()
            case 3: family.type = field.scalar
            case 4: family.metrics.append(try metric(try field.message()))
            case 5: family.unit = try field.text()
            default: throw ExpositionError("field \(field.number) of a family")
            }
        }
        guard !family.name.isEmpty, !family.metrics.isEmpty, family.type <= 4 else {
            throw ExpositionError("family '\(family.name)' of type \(family.type)")
        }
        guard Set(family.metrics.map(\.labels)).count == family.metrics.count else {
            throw ExpositionError("a series of \(family.name) comes twice")
        }
        for metric in family.metrics {
            let isRight =
                switch family.type {
                case 2: metric.quantiles != nil
                case 4: metric.histogram != nil
                default: metric.value != nil
                }
            guard isRight else { throw ExpositionError("a metric of \(family.name) is not of its type") }
            try metric.histogram?.check(metric)
        }
        return family
    }

    private static func metric(_ message: Message) throws -> Metric {
        var metric = Metric()
        for field in message.fields {
            switch field.number {
            case 1: try add(label: field, to: &metric.labels)
            case 2, 5: metric.value = try field.message().fields.first { $0.number == 1 }?.double
            case 3:
                for member in try field.message().fields {
                    switch member.number {
                    case 1: metric.value = member.double
                    case 2: metric.exemplars.append(try exemplar(try member.message()))
                    case 3: metric.created = try time(try member.message())
                    default: throw ExpositionError("field \(member.number) of a counter")
                    }
                }
            case 4: try summary(try field.message(), &metric)
            case 6: metric.milliseconds = field.scalar
            case 7: try histogram(try field.message(), &metric)
            default: throw ExpositionError("field \(field.number) of a metric")
            }
        }
        return metric
    }

    private static func summary(_ message: Message, _ metric: inout Metric) throws {
        metric.quantiles = [:]
        for field in message.fields {
            switch field.number {
            case 1: metric.count = field.scalar
            case 2: metric.sum = field.double
            case 3:
                let members = try field.message().fields
                let value = members.first { $0.number == 2 }?.double ?? .nan
                metric.quantiles?[members.first { $0.number == 1 }?.double ?? .nan] = value
            case 4: metric.created = try time(try field.message())
            default: throw ExpositionError("field \(field.number) of a summary")
            }
        }
    }

    private static func histogram(_ message: Message, _ metric: inout Metric) throws {
        var histogram = Histogram()
        var spans: [UInt32: [(offset: Int64, length: UInt64)]] = [:]
        var deltas: [UInt32: [Int64]] = [:]
        for field in message.fields {
            switch field.number {
            case 1: metric.count = field.scalar
            case 2: metric.sum = field.double
            case 3:
                let members = try field.message().fields
                histogram.buckets.append(
                    (
                        members.first { $0.number == 1 }?.scalar ?? 0,
                        members.first { $0.number == 2 }?.double ?? .nan
                    ))
                for member in members where member.number == 3 {
                    metric.exemplars.append(try exemplar(try member.message()))
                }
            case 5: histogram.schema = zigzag(field.scalar)
            case 6: histogram.zeroThreshold = field.double
            case 7: histogram.zeroCount = field.scalar
            case 9, 12:
                let members = try field.message().fields
                let span = (
                    zigzag(members.first { $0.number == 1 }?.scalar ?? 0), members.first { $0.number == 2 }?.scalar ?? 0
                )
                spans[field.number, default: []].append(span)
            case 10, 13: deltas[field.number] = try field.packed().map(zigzag)
            case 15: metric.created = try time(try field.message())
            case 16: metric.exemplars.append(try exemplar(try field.message()))
            default: throw ExpositionError("field \(field.number) of a histogram")
            }
        }
        histogram.spans = spans[12] ?? []
        histogram.negative = try counts(spans[9] ?? [], deltas[10] ?? [])
        histogram.positive = try counts(spans[12] ?? [], deltas[13] ?? [])
        metric.histogram = histogram
    }

    private static func counts(_ spans: [(offset: Int64, length: UInt64)], _ deltas: [Int64]) throws -> [Int64: Int64] {
        guard spans.reduce(0, { $0 + $1.length }) == UInt64(deltas.count),
            spans.dropFirst().allSatisfy({ $0.offset > 0 && $0.length > 0 })
        else { throw ExpositionError("spans \(spans) for \(deltas.count) buckets") }
        var result: [Int64: Int64] = [:]
        var index: Int64 = 0
        var count: Int64 = 0
        var rest = deltas[...]
        for span in spans {
            index += span.offset
            for delta in rest.prefix(Int(span.length)) {
                count += delta
                guard count >= 0, Int32(exactly: index) != nil else {
                    throw ExpositionError("\(count) observations at \(index)")
                }
                result[index] = count
                index += 1
            }
            rest = rest.dropFirst(Int(span.length))
        }
        return result
    }

    private static func add(label field: Message.Field, to labels: inout [String: String]) throws {
        let members = try field.message().fields
        let name = try text(1, of: members)
        let value = try text(2, of: members)
        guard !name.isEmpty, !value.isEmpty, labels.updateValue(value, forKey: name) == nil else {
            throw ExpositionError("label '\(name)' with '\(value)'")
        }
    }

    private static func text(_ number: UInt32, of members: [Message.Field]) throws -> String {
        guard let member = members.first(where: { $0.number == number }) else { return "" }
        return try member.text()
    }

    private static func exemplar(_ message: Message) throws -> ReadMessageExemplar {
        var exemplar = ReadMessageExemplar()
        for field in message.fields {
            switch field.number {
            case 1: try add(label: field, to: &exemplar.labels)
            case 2: exemplar.value = field.double
            case 3: exemplar.time = try time(try field.message())
            default: throw ExpositionError("field \(field.number) of an exemplar")
            }
        }
        guard exemplar.labels.reduce(0, { $0 + $1.key.unicodeScalars.count + $1.value.unicodeScalars.count }) <= 128
        else { throw ExpositionError("an exemplar of more than 128 characters") }
        return exemplar
    }

    private static func time(_ message: Message) throws -> UInt64 {
        let nanoseconds = message.fields.first { $0.number == 2 }?.scalar ?? 0
        guard nanoseconds < 1_000_000_000 else { throw ExpositionError("\(nanoseconds) nanoseconds") }
        return (message.fields.first { $0.number == 1 }?.scalar ?? 0) &* 1_000_000_000 &+ nanoseconds
    }

    private static func zigzag(_ bits: UInt64) -> Int64 {
        Int64(bitPattern: bits >> 1) ^ -Int64(bits & 1)
    }
}

extension MessageExposition.Histogram {
    /// What Prometheus demands of a histogram, and what buckets demand of each other.
    fileprivate func check(_ metric: MessageExposition.Metric) throws {
        guard buckets.last?.bound == .infinity, buckets.last?.count == metric.count,
            zip(buckets, buckets.dropFirst()).allSatisfy({ $0.bound < $1.bound && $0.count <= $1.count })
        else { throw ExpositionError("buckets \(buckets) of \(metric.count)") }
        guard let schema else { return }
        let total = (Array(positive.values) + Array(negative.values)).reduce(Int64(zeroCount), +)
        guard (-4...8).contains(schema), metric.sum != nil, zeroThreshold > 0,
            metric.sum?.isNaN == true ? UInt64(total) <= metric.count : UInt64(total) == metric.count
        else { throw ExpositionError("\(total) of \(metric.count) in the buckets of schema \(schema)") }
        guard !positive.isEmpty || !negative.isEmpty || !spans.isEmpty else {
            throw ExpositionError("a native histogram without spans")
        }
    }
}

/// The fields of one message; nothing may be left over.
private struct Message {
    struct Field {
        let bytes: [UInt8]
        let number: UInt32
        let payload: ByteRange?
        let scalar: UInt64

        var double: Double { Double(bitPattern: scalar) }

        func message() throws -> Message {
            guard let payload else { throw ExpositionError("field \(number) is no message") }
            return try Message(bytes, payload)
        }

        func text() throws -> String {
            guard let payload, let text = String(validating: bytes[payload.range], as: UTF8.self) else {
                throw ExpositionError("field \(number) is no text")
            }
            return text
        }

        func packed() throws -> [UInt64] {
            guard let payload else { throw ExpositionError("field \(number) is not packed") }
            var reader = WireReader(bytes.span, payload)
            var values: [UInt64] = []
            while let value = reader.varint() { values.append(value) }
            guard reader.isAtEnd else { throw ExpositionError("field \(number) is cut off") }
            return values
        }
    }

    private(set) var fields: [Field] = []

    init(_ bytes: [UInt8], _ range: ByteRange) throws {
        var cursor = FieldCursor(bytes.span, range)
        var end = range.start
        while let field = cursor.next() {
            end = field.range.end
            var payload: ByteRange?
            if case .bytes(let range) = field.value { payload = range }
            fields.append(Field(bytes: bytes, number: field.number, payload: payload, scalar: field.scalar))
        }
        guard end == range.end else { throw ExpositionError("a message is cut off at \(end) of \(range.end)") }
    }
}

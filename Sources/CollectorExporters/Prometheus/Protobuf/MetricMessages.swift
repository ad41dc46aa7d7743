// The parts of io.prometheus.client.Metric and its members; field numbers are those of the schema
// (github.com/prometheus/client_model).

/// `MetricType` of a family.
enum MessageType: UInt64 {
    case counter = 0
    case gauge = 1
    case summary = 2
    case untyped = 3
    case histogram = 4

    init(_ kind: FamilyKind) {
        switch kind {
        case .counter: self = .counter
        case .gauge: self = .gauge
        case .unknown: self = .untyped
        case .histogram: self = .histogram
        case .summary: self = .summary
        }
    }
}

extension ByteSink {
    /// The fields of a MetricFamily in front of its metrics.
    mutating func family(name: [UInt8], help: [UInt8], type: MessageType, unit: [UInt8]?) {
        field(1, bytes: name)
        if !help.isEmpty { field(2, bytes: help) }
        field(3, varint: type.rawValue)
        if let unit { field(5, bytes: unit) }
    }

    /// `labels` as text formats have them: `name="value",`, from `start` to the end or the brace that closes them.
    mutating func labels(_ labels: borrowing [UInt8], from start: Int = 0) {
        var reader = LabelReader(position: start)
        while reader.next(labels) {
            field(1) { pair in
                pair.field(1) { $0.unescaped(labels, reader.name) }
                pair.field(2) { $0.unescaped(labels, reader.value) }
            }
        }
    }

    /// What escaping in text formats has changed, changed back.
    private mutating func unescaped(_ labels: borrowing [UInt8], _ range: Range<Int>) {
        forEachUnescaped(labels, range) { append($0) }
    }

    /// `google.protobuf.Timestamp`; nothing for 0, which means unknown.
    mutating func timestamp(_ number: UInt64, _ nanoseconds: UInt64) {
        guard nanoseconds > 0 else { return }
        field(number) { time in
            time.field(1, varint: nanoseconds / 1_000_000_000)
            time.field(2, varint: nanoseconds % 1_000_000_000)
        }
    }

    mutating func exemplar(_ number: UInt64, _ exemplar: ShownExemplar?) {
        guard let exemplar else { return }
        field(number) { message in
            message.labels(exemplar.text, from: ExemplarText.labelsStart)
            message.field(2, double: exemplar.value)
            message.timestamp(3, exemplar.time)
        }
    }

    /// A Bucket; `count` is cumulative.
    mutating func bucket(_ count: UInt64, upperBound: Double, _ exemplar: ShownExemplar?) {
        field(3) { bucket in
            bucket.field(1, varint: count)
            bucket.field(2, double: upperBound)
            bucket.exemplar(3, exemplar)
        }
    }

    /// The sparse buckets of one sign (conformance 193): a span for each run of buckets that are not empty, and for each
    /// bucket the difference to the one before.
    mutating func sparse(_ buckets: ExponentialBuckets, spans: UInt64, deltas: UInt64) {
        guard buckets.indexes != nil else { return }
        let counts = buckets.counts
        // Bucket `i` of OTLP is bucket `i + 1` of Prometheus, which names buckets by their upper bound.
        var end = 0
        var position = 0
        while position < counts.count {
            let start = position
            while position < counts.count, counts[position] > 0 { position += 1 }
            if position > start {
                let first = buckets.offset + start + 1
                let length = position - start
                field(spans) { span in
                    span.field(1, signed: Int64(first - end))
                    span.field(2, varint: UInt64(length))
                }
                end = first + length
            }
            position += 1
        }
        field(deltas) { packed in
            var previous: Int64 = 0
            for count in counts where count > 0 {
                let count = Int64(clamping: count)
                packed.append(signed: count - previous)
                previous = count
            }
        }
    }
}

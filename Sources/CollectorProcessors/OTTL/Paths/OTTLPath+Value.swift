// Reading paths out of a request.
//
//     Span      { trace_id = 1; span_id = 2; trace_state = 3; parent_span_id = 4; name = 5; kind = 6;
//                 start_time_unix_nano = 7; end_time_unix_nano = 8; attributes = 9; dropped_attributes_count = 10;
//                 events = 11; dropped_events_count = 12; links = 13; dropped_links_count = 14; status = 15; flags = 16 }
//     Status    { message = 2; code = 3 }
//     Event     { time_unix_nano = 1; name = 2; attributes = 3; dropped_attributes_count = 4 }
//     Resource  { attributes = 1; dropped_attributes_count = 2 }
//     InstrumentationScope { name = 1; version = 2; attributes = 3; dropped_attributes_count = 4 }
//
// The envelopes have resource = 1 (scope = 1) and schema_url = 3.

import CollectorCore
import OTLPWire

enum OTTLField {
    static let spanEvents: UInt32 = 11
    fileprivate static let spanLinks: UInt32 = 13
    fileprivate static let spanStatus: UInt32 = 15
    fileprivate static let statusMessage: UInt32 = 2
    fileprivate static let envelopeOwner: UInt32 = 1
    fileprivate static let envelopeSchemaURL: UInt32 = 3
}

extension OTTLPath {
    func value(of subject: borrowing OTTLSubject) -> OTTLValue {
        switch self {
        case .span(let field): return field.value(of: subject.span)
        case .event(let field): return field.value(of: subject)
        case .resource(.droppedAttributesCount): return count(2, Self.resource(of: subject), subject.bytes)
        case .resource(.schemaURL):
            return .string(field(OTTLField.envelopeSchemaURL, of: subject.span.resource, subject.bytes))
        case .scope(.name): return string(1, Self.scope(of: subject), subject.bytes)
        case .scope(.version): return string(2, Self.scope(of: subject), subject.bytes)
        case .scope(.droppedAttributesCount): return count(4, Self.scope(of: subject), subject.bytes)
        case .scope(.schemaURL):
            return .string(field(OTTLField.envelopeSchemaURL, of: subject.span.scope, subject.bytes))
        case .attributes(let owner): return .map(owner.attributes(of: subject))
        case .attribute(let owner, let key):
            guard let value = owner.attributes(of: subject).value(of: key, in: subject.bytes) else { return .nothing }
            return OTTLValue(value)
        case .traceState(let key): return traceStateMember(key, subject.span.entry.traceState, subject.bytes)
        }
    }

    fileprivate static func resource(of subject: borrowing OTTLSubject) -> ByteRange {
        message(OTTLField.envelopeOwner, of: subject.span.resource, subject.bytes)
    }

    fileprivate static func scope(of subject: borrowing OTTLSubject) -> ByteRange {
        message(OTTLField.envelopeOwner, of: subject.span.scope, subject.bytes)
    }
}

extension OTTLPath.Owner {
    func attributes(of subject: borrowing OTTLSubject) -> OTTLMessageItems {
        switch self {
        case .span: OTTLMessageItems(message: subject.span.entry.range, field: 9)
        case .event: OTTLMessageItems(message: subject.event, field: 3)
        case .resource: OTTLMessageItems(message: OTTLPath.resource(of: subject), field: 1)
        case .scope: OTTLMessageItems(message: OTTLPath.scope(of: subject), field: 3)
        }
    }
}

extension OTTLPath.SpanField {
    fileprivate func value(of span: borrowing OTTLSpan) -> OTTLValue {
        let bytes = span.bytes
        let entry = span.entry
        return switch self {
        case .traceID: .traceID(entry.traceID)
        case .traceIDString: .string(OTTLText(entry.traceID.description))
        case .spanID: .spanID(entry.spanID)
        case .spanIDString: .string(OTTLText(hexadecimal(entry.spanID)))
        case .parentSpanID: .spanID(parentSpanID(span))
        case .parentSpanIDString: .string(OTTLText(hexadecimal(parentSpanID(span))))
        case .traceState: .string(.inPlace(entry.traceState))
        case .name: string(5, entry.range, bytes)
        case .kind: .int(Int64(entry.kind))
        case .kindString: .string(OTTLText(kindName(entry.kind)))
        case .kindDeprecatedString: .string(OTTLText(deprecatedKindName(entry.kind)))
        // Go reads the unsigned number as a signed one, too.
        case .startTimeUnixNano: .int(Int64(bitPattern: entry.startNanoseconds))
        case .endTimeUnixNano: .int(Int64(bitPattern: entry.endNanoseconds))
        case .startTime: .time(Int64(bitPattern: entry.startNanoseconds))
        case .endTime: .time(Int64(bitPattern: entry.endNanoseconds))
        case .droppedAttributesCount: count(10, entry.range, bytes)
        case .events: .messages(OTTLMessageItems(message: entry.range, field: OTTLField.spanEvents))
        case .droppedEventsCount: count(12, entry.range, bytes)
        case .links: .messages(OTTLMessageItems(message: entry.range, field: OTTLField.spanLinks))
        case .droppedLinksCount: count(14, entry.range, bytes)
        case .status: .status
        case .statusCode: .int(Int64(entry.statusCode))
        case .statusMessage:
            string(
                OTTLField.statusMessage, payload(of: OTTLField.spanStatus, in: entry.range, bytes) ?? .empty, bytes)
        case .flags: .int(Int64(entry.flags))
        }
    }

    private func parentSpanID(_ span: borrowing OTTLSpan) -> UInt64 {
        guard span.entry.hasParent, let id = payload(of: 4, in: span.entry.range, span.bytes), id.count == 8 else {
            return 0
        }
        return id.range.reduce(0) { $0 << 8 | UInt64(span.bytes[$1]) }
    }

    /// As Go's OTLP library names them; empty for numbers it does not know.
    private func kindName(_ kind: UInt8) -> String {
        let names = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"]
        return Int(kind) < names.count ? names[Int(kind)] : ""
    }

    private func deprecatedKindName(_ kind: UInt8) -> String {
        OTTLEnum.values.first { $0.name.hasPrefix("SPAN_KIND_") && $0.number == Int64(kind) }?.name ?? ""
    }
}

extension OTTLPath.EventField {
    fileprivate func value(of subject: borrowing OTTLSubject) -> OTTLValue {
        switch self {
        case .name: string(2, subject.event, subject.bytes)
        case .timeUnixNano: .int(Int64(bitPattern: scalar(1, subject.event, subject.bytes)))
        case .time: .time(Int64(bitPattern: scalar(1, subject.event, subject.bytes)))
        case .droppedAttributesCount: count(4, subject.event, subject.bytes)
        case .eventIndex: .int(subject.eventIndex)
        }
    }
}

/// The last occurrence of a scalar field, as proto3 has it: 0 when there is none.
private func scalar(_ number: UInt32, _ message: ByteRange, _ bytes: Span<UInt8>) -> UInt64 {
    var value: UInt64 = 0
    var fields = FieldCursor(bytes, message)
    while let field = fields.next() {
        if field.number == number { value = field.scalar }
    }
    return value
}

/// A uint32 field.
private func count(_ number: UInt32, _ message: ByteRange, _ bytes: Span<UInt8>) -> OTTLValue {
    .int(Int64(UInt32(truncatingIfNeeded: scalar(number, message, bytes))))
}

private func string(_ number: UInt32, _ message: ByteRange, _ bytes: Span<UInt8>) -> OTTLValue {
    .string(.inPlace(payload(of: number, in: message, bytes) ?? .empty))
}

/// A length-delimited field of an envelope, which may stand before or after the children.
private func message(_ number: UInt32, of group: GroupEntry, _ bytes: Span<UInt8>) -> ByteRange {
    payload(of: number, in: group.tail, bytes) ?? payload(of: number, in: group.head, bytes) ?? .empty
}

private func field(_ number: UInt32, of group: GroupEntry, _ bytes: Span<UInt8>) -> OTTLText {
    .inPlace(message(number, of: group, bytes))
}

/// Nothing for a tracestate that cannot be read, the empty string when the key is not in it, as in the OpenTelemetry
/// Collector.
private func traceStateMember(_ key: [UInt8], _ state: ByteRange, _ bytes: Span<UInt8>) -> OTTLValue {
    var found: ByteRange?
    var count = 0
    var members = TraceStateMembers(bytes, state)
    while let member = members.next() {
        count += 1
        guard count <= TraceState.maximumMembers, isTraceStateKey(bytes, member.key),
            isTraceStateValue(bytes, member.value)
        else {
            return .nothing
        }
        guard areEqual(bytes.extracting(member.key.range), key.span) else { continue }
        if found != nil { return .nothing }
        found = member.value
    }
    return members.isBroken ? .nothing : .string(.inPlace(found ?? .empty))
}

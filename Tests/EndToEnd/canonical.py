"""OTLP/JSON in the form the recordings have: ids in hex, 64-bit integers as strings, defaults left out, oneofs kept.

Read from the bytes by descriptors and to any depth: Python's protobuf gives up where the collectors do not.
"""

import base64
import math
import struct

from google.protobuf.descriptor import FieldDescriptor as Field

IDS = {"trace_id", "span_id", "parent_span_id"}
FIXED = {
    Field.TYPE_DOUBLE: "<d",
    Field.TYPE_FLOAT: "<f",
    Field.TYPE_FIXED64: "<Q",
    Field.TYPE_SFIXED64: "<q",
    Field.TYPE_FIXED32: "<I",
    Field.TYPE_SFIXED32: "<i",
}
WIDE = {Field.CPPTYPE_INT64, Field.CPPTYPE_UINT64}
WIRE_SIZES = {1: 8, 5: 4}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value & (1 << 64) - 1, at


def pieces(data):
    """The fields on the wire: number, wire type, value as an integer or bytes."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == 0:
            value, at = varint(data, at)
        else:
            size = WIRE_SIZES.get(wire_type)
            if size is None:
                assert wire_type == 2
                size, at = varint(data, at)
            value, at = data[at : at + size], at + size
        yield number, wire_type, value


def number_from_varint(field, value):
    if field.type in (Field.TYPE_SINT32, Field.TYPE_SINT64):
        return (value >> 1) ^ -(value & 1)
    if field.type == Field.TYPE_BOOL:
        return value != 0
    signed = value - (1 << 64) if value >= 1 << 63 else value
    if field.cpp_type in (Field.CPPTYPE_INT32, Field.CPPTYPE_ENUM):
        return (signed + (1 << 31)) % (1 << 32) - (1 << 31)
    return value if field.cpp_type == Field.CPPTYPE_UINT64 else signed if field.cpp_type in WIDE else value % (1 << 32)


def values(field, wire_type, value):
    """The plain values of one field on the wire; several when it is packed."""
    if field.type == Field.TYPE_STRING:
        return [value.decode(errors="replace")]
    if field.type == Field.TYPE_BYTES:
        return [value.hex() if field.name in IDS else base64.b64encode(value).decode()]
    layout = FIXED.get(field.type)
    if layout is not None:
        return [found[0] for found in struct.iter_unpack(layout, value)]
    if wire_type == 0:
        return [number_from_varint(field, value)]
    found, at = [], 0
    while at < len(value):
        number, at = varint(value, at)
        found.append(number_from_varint(field, number))
    return found


def as_json(field, value):
    if field.cpp_type in WIDE:
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def canonical(data, descriptor):
    """The message in `data` as a dictionary, ready to compare."""
    singular, repeated = {}, {}
    for number, wire_type, value in pieces(data):
        field = descriptor.fields_by_number.get(number)
        if field is None:
            continue
        if field.containing_oneof is not None:
            for other in field.containing_oneof.fields:
                if other is not field:
                    singular.pop(other.name, None)
        if field.type == Field.TYPE_MESSAGE:
            if field.is_repeated:
                repeated.setdefault(field, []).append(canonical(value, field.message_type))
            else:
                # Occurrences of a singular message are merged, which is what decoding both in a row does.
                before = singular.get(field.name, (field, b""))[1]
                singular[field.name] = (field, before + value)
        elif field.is_repeated:
            repeated.setdefault(field, []).extend(as_json(field, item) for item in values(field, wire_type, value))
        else:
            singular[field.name] = (field, values(field, wire_type, value)[-1])

    document = {field.json_name: items for field, items in repeated.items() if items}
    for field, value in singular.values():
        is_explicit = field.containing_oneof is not None
        if field.type == Field.TYPE_MESSAGE:
            value = canonical(value, field.message_type)
            if value or is_explicit:
                document[field.json_name] = value
        elif value or is_explicit:
            document[field.json_name] = as_json(field, value)
    return document

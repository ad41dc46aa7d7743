"""Writes cases.txt beside this script: random OTLP messages in shapes protobuf allows but no library writes, with what
Python's protobuf makes of them.

Each case is four lines and an empty one: kind, wire bytes (hex), canonical bytes (hex), OTLP/JSON. Shapes: fields in
any order, submessages and oneofs given several times, repeated numbers packed and not. Run it again only to change the
corpus.
"""

import base64
import json
import math
import pathlib
import random
import struct

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor as F
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

KINDS = {"traces": ExportTraceServiceRequest, "metrics": ExportMetricsServiceRequest, "logs": ExportLogsServiceRequest}
IDS = {"traceId", "spanId", "parentSpanId"}
WORDS = ["", "a", "service.name", "é😀", 'q"\\', "line\nbreak\0", "x" * 200]
DOUBLES = [1.5, -0.25, 1e300, 5e-324, 0.1, 3.0, 1e15, 1e16, 123456.789, math.inf, -math.inf, math.nan]


def otlp_json(message):
    """A message in OTLP's JSON: protobuf's own, but enums as integers and ids in hex."""

    def fix(value, name=None):
        if isinstance(value, dict):
            return {key: fix(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [fix(inner, name) for inner in value]
        if name in IDS:
            return base64.b64decode(value).hex()
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
            return int(value)
        return value

    form = json_format.MessageToDict(message, use_integers_for_enums=True)
    return json.dumps(fix(form), ensure_ascii=False, separators=(",", ":"))


def varint(value):
    value &= (1 << 64) - 1
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def scalar(rng, field):
    """The wire type and bytes of a random value that is not the default."""
    kind = field.type
    if kind == F.TYPE_STRING:
        return 2, rng.choice(WORDS[1:]).encode()
    if kind == F.TYPE_BYTES:
        length = {"trace_id": 16}.get(field.name, 8 if field.name.endswith("span_id") else rng.randint(1, 5))
        return 2, rng.randbytes(length)
    if kind == F.TYPE_DOUBLE:
        return 1, struct.pack("<d", rng.choice(DOUBLES))
    if kind in (F.TYPE_FIXED64, F.TYPE_SFIXED64):
        return 1, struct.pack("<Q", rng.choice([1, 1 << 63, (1 << 64) - 1, 1700000000000000000]))
    if kind == F.TYPE_FIXED32:
        return 5, struct.pack("<I", rng.choice([1, 257, (1 << 32) - 1]))
    if kind == F.TYPE_BOOL:
        return 0, b"\x01"
    if kind == F.TYPE_ENUM:
        return 0, varint(rng.choice([1, 2, 99, -3]))
    if kind in (F.TYPE_INT32, F.TYPE_INT64):
        return 0, varint(rng.choice([1, -1, 2147483647, -2147483648]))
    if kind == F.TYPE_SINT32:
        return 0, varint(rng.choice([1, 2, 4294967295]))
    return 0, varint(rng.choice([1, 300, 4294967295]))


def fields(rng, descriptor, depth):
    """A message as a list of encoded fields, in an order that means what it should."""
    out = []
    for field in descriptor.fields:
        # Members of a oneof less often, or one of several would always win.
        if rng.random() > (0.3 if field.containing_oneof else 0.6):
            continue
        tag = field.number << 3
        times = rng.choice([1, 1, 2, 3])
        if field.type == F.TYPE_MESSAGE:
            if depth > 9:
                continue
            for _ in range(times):
                body = b"".join(fields(rng, field.message_type, depth + 1))
                out.append(varint(tag | 2) + varint(len(body)) + body)
            continue
        for _ in range(times):
            wire, value = scalar(rng, field)
            if field.is_repeated and wire != 2 and rng.random() < 0.5:
                value += scalar(rng, field)[1]
                wire = 2
            out.append(varint(tag | wire) + (varint(len(value)) + value if wire == 2 else value))
    rng.shuffle(out)
    return out


def main():
    rng = random.Random(62)
    blocks = []
    while len(blocks) < 60:
        kind = rng.choice(list(KINDS))
        wire = b"".join(fields(rng, KINDS[kind].DESCRIPTOR, 0))
        if not 0 < len(wire) < 1500:
            continue
        message = KINDS[kind].FromString(wire)
        canonical = message.SerializeToString(deterministic=True)
        blocks.append(f"{kind}\n{wire.hex()}\n{canonical.hex()}\n{otlp_json(message)}\n")
    pathlib.Path(__file__).with_name("cases.txt").write_text("\n".join(blocks))


if __name__ == "__main__":
    main()

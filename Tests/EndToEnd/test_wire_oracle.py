"""The wire module's verdicts against Python's protobuf: what one accepts the other accepts, and what is sent on says
the same. Needs `swift build --product WireBenchmark` (any configuration) first."""

import pathlib
import random
import struct
import subprocess

import pytest
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MESSAGES = {"t": ExportTraceServiceRequest, "m": ExportMetricsServiceRequest, "l": ExportLogsServiceRequest}

# What the module refuses and protobuf takes: its own documented rules.
STRICTER = {"wrongWireType", "unsupportedWireType"}


def wire_benchmark():
    for configuration in ("release", "debug"):
        path = ROOT / ".build" / configuration / "WireBenchmark"
        if path.exists():
            return path
    pytest.fail("WireBenchmark is not built: swift build --product WireBenchmark")


def verdicts(requests):
    """The module's verdict on each (signal, bytes), as lists of words."""
    stream = b"".join(signal.encode() + struct.pack("<I", len(body)) + body for signal, body in requests)
    done = subprocess.run([wire_benchmark(), "verdicts"], input=stream, capture_output=True, check=True, timeout=300)
    lines = [line.split(" ") for line in done.stdout.decode().splitlines()]
    assert len(lines) == len(requests)
    return lines


def parse(signal, body):
    try:
        return MESSAGES[signal].FromString(body)
    except DecodeError:
        return None


def is_valid_span(span):
    return len(span.trace_id) == 16 and len(span.span_id) == 8 and any(span.trace_id) and any(span.span_id)


def expected_traces(message):
    """What is left of a request: groups with their valid spans; unknown fields of the request itself do not count."""
    kept = ExportTraceServiceRequest()
    refused = 0
    for resource_spans in message.resource_spans:
        group = type(resource_spans)()
        group.CopyFrom(resource_spans)
        for scope_spans in group.scope_spans:
            spans = [span for span in scope_spans.spans if is_valid_span(span)]
            refused += len(scope_spans.spans) - len(spans)
            copies = [span.SerializeToString() for span in spans]
            del scope_spans.spans[:]
            for copy in copies:
                scope_spans.spans.add().ParseFromString(copy)
        scopes = [scope.SerializeToString() for scope in group.scope_spans if scope.spans]
        del group.scope_spans[:]
        for scope in scopes:
            group.scope_spans.add().ParseFromString(scope)
        if group.scope_spans:
            kept.resource_spans.append(group)
    return kept, refused


def is_valid_histogram(point):
    if point.flags & 1 or not (point.bucket_counts or point.explicit_bounds):
        return True
    bounds = list(point.explicit_bounds)
    return (
        len(point.bucket_counts) == len(bounds) + 1
        and all(bound == bound for bound in bounds)
        and all(one < two for one, two in zip(bounds, bounds[1:]))
        and sum(point.bucket_counts) <= point.count
    )


def is_valid_number(point):
    return point.flags & 1 or point.WhichOneof("value") is not None


def expected_metrics(message):
    """The request without invalid points, and how many points are left and were refused."""
    kept = ExportMetricsServiceRequest()
    kept.CopyFrom(message)
    points = refused = 0
    for resource_metrics in kept.resource_metrics:
        for scope_metrics in resource_metrics.scope_metrics:
            for metric in scope_metrics.metrics:
                kind = metric.WhichOneof("data")
                if kind is None:
                    continue
                data = getattr(metric, kind)
                rule = {"gauge": is_valid_number, "sum": is_valid_number, "histogram": is_valid_histogram}.get(kind)
                good = [point.SerializeToString() for point in data.data_points if rule is None or rule(point)]
                refused += len(data.data_points) - len(good)
                points += len(good)
                del data.data_points[:]
                for point in good:
                    data.data_points.add().ParseFromString(point)
    return kept, points, refused


def count_logs(message):
    return sum(len(scope.log_records) for resource in message.resource_logs for scope in resource.scope_logs)


def same(one, two):
    return one.SerializeToString(deterministic=True) == two.SerializeToString(deterministic=True)


def compare(requests):
    """Asserts that both agree on all requests; returns how many were accepted, refused and to be rewritten."""
    counts = {"accepted": 0, "refused": 0, "rewrite": 0}
    for (signal, body), words in zip(requests, verdicts(requests)):
        counts[words[0]] += 1
        message = parse(signal, body)
        where = f"{signal} {body.hex()}: {words[:3]}"
        if words[0] == "refused":
            assert message is None or words[1] in STRICTER, f"protobuf accepts {where}"
            continue
        assert message is not None, f"protobuf refuses {where}"
        if words[0] == "rewrite":
            continue
        items, refused, sent = int(words[1]), int(words[2]), bytes.fromhex(words[3])
        if signal == "t":
            expected, expected_refused = expected_traces(message)
            expected_items = sum(len(s.spans) for r in expected.resource_spans for s in r.scope_spans)
            assert same(ExportTraceServiceRequest.FromString(sent), expected), where
        elif signal == "m":
            expected, expected_items, expected_refused = expected_metrics(message)
            assert same(ExportMetricsServiceRequest.FromString(sent), expected), where
        else:
            expected_items, expected_refused = count_logs(message), 0
        assert (items, refused) == (expected_items, expected_refused), where
    return counts


def corpus():
    # Without the messages nested 101 levels deep: Python's protobuf stops at 100, the module at 256.
    lines = (ROOT / "Tests" / "Golden" / "wire" / "corpus.txt").read_text().splitlines()
    return [bytes.fromhex("".join(line.split(" ")[1:])) for line in lines if line and not line.startswith(("#", "nested-101 "))]


class Generator:
    """Random messages by protobuf's own descriptors."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def fill(self, message, depth=0):
        for field in message.DESCRIPTOR.fields:
            if self.random.random() > (0.8 if depth < 3 else 0.45):
                continue
            if field.message_type is None:
                values = [self.scalar(field) for _ in range(self.random.randint(1, 3) if field.is_repeated else 1)]
                if field.is_repeated:
                    getattr(message, field.name).extend(values)
                else:
                    setattr(message, field.name, values[0])
            elif depth < 12:
                for _ in range(self.random.randint(1, 2) if field.is_repeated else 1):
                    child = getattr(message, field.name)
                    child = child.add() if field.is_repeated else child
                    child.SetInParent()
                    self.fill(child, depth + 1 if depth < 6 else depth + 3)
        return message

    def scalar(self, field):
        pick = self.random
        if field.name == "trace_id" and pick.random() < 0.9:
            return pick.randbytes(16)
        if field.name == "span_id" and pick.random() < 0.9:
            return pick.randbytes(8)
        kinds = {
            field.CPPTYPE_STRING: lambda: pick.randbytes(pick.randint(0, 20))
            if field.type == field.TYPE_BYTES
            else "".join(pick.choice(["a", "http.method ", "é", "注", "🐦", "\0"]) for _ in range(pick.randint(0, 12))),
            field.CPPTYPE_BOOL: lambda: pick.random() < 0.5,
            field.CPPTYPE_DOUBLE: lambda: pick.choice([0.0, -1.5, 1e300, float("inf"), pick.random()]),
            field.CPPTYPE_ENUM: lambda: pick.choice([0, 1, 2, 7, -1]),
            field.CPPTYPE_INT32: lambda: pick.randint(-(2**31), 2**31 - 1) >> pick.randint(0, 31),
            field.CPPTYPE_INT64: lambda: pick.randint(-(2**63), 2**63 - 1) >> pick.randint(0, 63),
            field.CPPTYPE_UINT32: lambda: pick.randint(0, 2**32 - 1) >> pick.randint(0, 32),
            field.CPPTYPE_UINT64: lambda: pick.randint(0, 2**64 - 1) >> pick.randint(0, 64),
        }
        return kinds[field.cpp_type]()

    def mutate(self, body):
        pick = self.random
        body = bytearray(body)
        for _ in range(pick.randint(1, 3)):
            if not body:
                break
            at = pick.randrange(len(body))
            action = pick.randrange(7)
            if action == 0:
                body[at] ^= 1 << pick.randrange(8)
            elif action == 1:
                body[at] = pick.randrange(256)
            elif action == 2:
                body[at] = pick.choice([0x00, 0x7F, 0x80, 0xFF, 0x0A, 0x12])
            elif action == 3:
                del body[at : at + pick.randint(1, 9)]
            elif action == 4:
                body.insert(at, pick.randrange(256))
            elif action == 5:
                del body[at:]
            else:
                part = body[at : at + pick.randint(1, 30)]
                where = pick.randint(0, len(body))
                body[where:where] = part
        return bytes(body)


def test_63_the_corpus_gets_protobufs_verdicts():
    requests = [(signal, body) for body in corpus() for signal in MESSAGES]
    assert compare(requests)["refused"] > 10


@pytest.mark.parametrize("signal", MESSAGES)
def test_61_to_75_generated_messages_are_accepted_and_sent_on_unchanged(signal):
    generator = Generator(f"valid {signal}")
    bodies = [generator.fill(MESSAGES[signal]()).SerializeToString() for _ in range(300)]
    counts = compare([(signal, body) for body in bodies])
    assert counts == {"accepted": 300, "refused": 0, "rewrite": 0}


@pytest.mark.parametrize("signal", MESSAGES)
def test_63_broken_messages_get_protobufs_verdicts(signal):
    generator = Generator(f"broken {signal}")
    seeds = []
    while len(seeds) < 200:
        body = generator.fill(MESSAGES[signal](), depth=1).SerializeToString()
        if 40 < len(body) < 3000:
            seeds.append(body)
    requests = [(signal, generator.mutate(body)) for body in seeds for _ in range(80)]
    counts = compare(requests)
    assert counts["accepted"] > 100 and counts["refused"] > 100

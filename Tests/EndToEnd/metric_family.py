"""Scrapes in Prometheus's delimited protobuf format, read by Google's protobuf library."""

import requests
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from google.protobuf.internal.decoder import _DecodeVarint

ACCEPT = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"

# The schema, as far as it is written: message, then fields as name, number, type and whether there may be several.
SCHEMA = {
    "LabelPair": [("name", 1, "string"), ("value", 2, "string")],
    "Gauge": [("value", 1, "double")],
    "Untyped": [("value", 1, "double")],
    "Counter": [("value", 1, "double"), ("exemplar", 2, "Exemplar"), ("created_timestamp", 3, "Timestamp")],
    "Quantile": [("quantile", 1, "double"), ("value", 2, "double")],
    "Summary": [
        ("sample_count", 1, "uint64"),
        ("sample_sum", 2, "double"),
        ("quantile", 3, "Quantile*"),
        ("created_timestamp", 4, "Timestamp"),
    ],
    "Exemplar": [("label", 1, "LabelPair*"), ("value", 2, "double"), ("timestamp", 3, "Timestamp")],
    "Bucket": [("cumulative_count", 1, "uint64"), ("upper_bound", 2, "double"), ("exemplar", 3, "Exemplar")],
    "BucketSpan": [("offset", 1, "sint32"), ("length", 2, "uint32")],
    "Histogram": [
        ("sample_count", 1, "uint64"),
        ("sample_sum", 2, "double"),
        ("bucket", 3, "Bucket*"),
        ("schema", 5, "sint32"),
        ("zero_threshold", 6, "double"),
        ("zero_count", 7, "uint64"),
        ("negative_span", 9, "BucketSpan*"),
        ("negative_delta", 10, "sint64*"),
        ("positive_span", 12, "BucketSpan*"),
        ("positive_delta", 13, "sint64*"),
        ("created_timestamp", 15, "Timestamp"),
        ("exemplars", 16, "Exemplar*"),
    ],
    "Metric": [
        ("label", 1, "LabelPair*"),
        ("gauge", 2, "Gauge"),
        ("counter", 3, "Counter"),
        ("summary", 4, "Summary"),
        ("untyped", 5, "Untyped"),
        ("timestamp_ms", 6, "int64"),
        ("histogram", 7, "Histogram"),
    ],
    "MetricFamily": [
        ("name", 1, "string"),
        ("help", 2, "string"),
        ("type", 3, "MetricType"),
        ("metric", 4, "Metric*"),
        ("unit", 5, "string"),
    ],
}
TYPES = ["COUNTER", "GAUGE", "SUMMARY", "UNTYPED", "HISTOGRAM"]


def message_class():
    file = descriptor_pb2.FileDescriptorProto(name="metrics.proto", package="io.prometheus.client", syntax="proto2")
    file.dependency.append("google/protobuf/timestamp.proto")
    file.enum_type.add(name="MetricType").value.extend(
        descriptor_pb2.EnumValueDescriptorProto(name=name, number=number) for number, name in enumerate(TYPES)
    )
    for name, fields in SCHEMA.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            written = message.field.add(name=field, number=number, label=3 if kind.endswith("*") else 1)
            kind = kind.rstrip("*")
            if kind == "Timestamp":
                written.type, written.type_name = written.TYPE_MESSAGE, ".google.protobuf.Timestamp"
            elif kind == "MetricType":
                written.type, written.type_name = written.TYPE_ENUM, ".io.prometheus.client.MetricType"
            elif kind in SCHEMA:
                written.type, written.type_name = written.TYPE_MESSAGE, f".io.prometheus.client.{kind}"
            else:
                written.type = getattr(written, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("io.prometheus.client.MetricFamily"))


MetricFamily = message_class()


def parse(body):
    """The families by name; whatever the schema does not have is an error."""
    families = {}
    position = 0
    while position < len(body):
        size, start = _DecodeVarint(body, position)
        position = start + size
        assert position <= len(body), "a family is cut off"
        family = MetricFamily.FromString(body[start:position])
        again = family.SerializeToString()
        family.DiscardUnknownFields()
        assert family.SerializeToString() == again, "fields that the schema does not have"
        assert family.name not in families
        families[family.name] = family
    return families


def scrape(url):
    answer = requests.get(url, headers={"Accept": ACCEPT}, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/vnd.google.protobuf;")
    return parse(answer.content)

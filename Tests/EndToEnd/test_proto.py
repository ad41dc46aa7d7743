"""The schema in proto/ is the standard's, and the generated C in Sources/COTLP is the schema's."""

import pathlib
import subprocess

import pytest
from google.protobuf import any_pb2, descriptor_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"
COTLP = ROOT / "Sources" / "COTLP"

# Our file: the standard's descriptor of the same package.
STANDARD = {
    "opentelemetry/proto/common/v1/common.proto": common_pb2,
    "opentelemetry/proto/resource/v1/resource.proto": resource_pb2,
    "opentelemetry/proto/trace/v1/trace.proto": trace_pb2,
    "opentelemetry/proto/metrics/v1/metrics.proto": metrics_pb2,
    "opentelemetry/proto/logs/v1/logs.proto": logs_pb2,
    "opentelemetry/proto/collector/trace/v1/trace_service.proto": trace_service_pb2,
    "opentelemetry/proto/collector/metrics/v1/metrics_service.proto": metrics_service_pb2,
    "opentelemetry/proto/collector/logs/v1/logs_service.proto": logs_service_pb2,
    "google/protobuf/any.proto": any_pb2,
    "google/protobuf/duration.proto": duration_pb2,
    "google/rpc/status.proto": status_pb2,
    "google/rpc/error_details.proto": error_details_pb2,
    "grpc/health/v1/health.proto": health_pb2,
}

# These files of the standard hold more than a collector needs; of them we declare these messages, without these fields.
SUBSETS = {
    "google/rpc/error_details.proto": {"RetryInfo", "BadRequest", "BadRequest.FieldViolation"},
    "grpc/health/v1/health.proto": {"HealthCheckRequest", "HealthCheckResponse"},
}
LEFT_OUT = {"BadRequest.FieldViolation.localized_message"}


def default_json_name(name):
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def facts(file):
    """Everything of a file's messages and enums that shows on the wire or in JSON, by qualified name."""
    found = {}

    def message(descriptor, name):
        oneofs = [oneof.name for oneof in descriptor.oneof_decl]
        found[name] = "message"
        for field in descriptor.field:
            found[f"{name}.{field.name}"] = {
                "number": field.number,
                "type": descriptor_pb2.FieldDescriptorProto.Type.Name(field.type),
                "type_name": field.type_name,
                "repeated": field.label == descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED,
                "json_name": field.json_name or default_json_name(field.name),
                # For proto3 `optional` the compiler makes up a one-field oneof; we write it out.
                "oneof": oneofs[field.oneof_index] if field.HasField("oneof_index") else None,
            }
        for reserved in descriptor.reserved_range:
            found[f"{name} reserved {reserved.start}..<{reserved.end}"] = "reserved"
        for nested in descriptor.nested_type:
            message(nested, f"{name}.{nested.name}")
        for nested in descriptor.enum_type:
            enum(nested, f"{name}.{nested.name}")

    def enum(descriptor, name):
        found[name] = [(value.name, value.number) for value in descriptor.value]

    for descriptor in file.message_type:
        message(descriptor, descriptor.name)
    for descriptor in file.enum_type:
        enum(descriptor, descriptor.name)
    return found


def of_message(name, messages):
    return any(name == message or name.startswith(message + ".") for message in messages)


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """Our files as compiled descriptors, by path."""
    output = tmp_path_factory.mktemp("descriptors") / "set.pb"
    subprocess.run(
        ["protoc-c", f"--proto_path={PROTO}", "--proto_path=/usr/include", f"--descriptor_set_out={output}", *STANDARD],
        check=True,
        cwd=PROTO,
    )
    descriptors = descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes())
    return {file.name: file for file in descriptors.file}


def test_every_schema_file_has_a_standard_to_be_compared_with():
    assert {str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto")} == set(STANDARD)


@pytest.mark.parametrize("path", STANDARD)
def test_names_numbers_and_types_are_the_standards(path, ours):
    standard = descriptor_pb2.FileDescriptorProto()
    STANDARD[path].DESCRIPTOR.CopyToProto(standard)
    assert ours[path].package == standard.package
    expected = facts(standard)
    if path in SUBSETS:
        expected = {name: fact for name, fact in expected.items() if of_message(name, SUBSETS[path])}
    for name in LEFT_OUT & set(expected):
        del expected[name]
    assert facts(ours[path]) == expected


def test_the_bytes_fields_are_those_the_json_code_knows(ours):
    """Strings are generated as bytes. Ids are hex in JSON, and which fields are ids is known by name."""
    names = {
        field.name
        for file in ours.values()
        if file.package.startswith("opentelemetry.")
        for message in file.message_type
        for scope in [message, *message.nested_type]
        for field in scope.field
        if field.type == descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
    }
    assert names == {"trace_id", "span_id", "parent_span_id", "bytes_value"}


def test_every_string_is_generated_as_bytes():
    """Else libprotobuf-c would cut it at its first NUL."""
    for path in COTLP.rglob("*.pb-c.c"):
        assert "PROTOBUF_C_TYPE_STRING" not in path.read_text(), path


def test_the_committed_c_is_what_the_schema_generates(tmp_path):
    # From another directory and into one that does not exist yet: the script must work from anywhere.
    subprocess.run([PROTO / "generate", "made/here"], check=True, cwd=tmp_path)
    made = tmp_path / "made" / "here"

    def generated(directory):
        return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*.pb-c.[ch]")}

    expected, committed = generated(made), generated(COTLP)
    assert sorted(committed) == sorted(expected)
    for name, text in expected.items():
        assert committed[name] == text, f"Sources/COTLP/{name} is stale: run proto/generate"

"""OTLP messages for the tests: made, sent, compared."""

import itertools
import os
import time

import grpc
import requests
from google.protobuf.json_format import MessageToDict
from google.rpc import error_details_pb2, status_pb2
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

REQUESTS = {
    "traces": trace_service_pb2.ExportTraceServiceRequest,
    "metrics": metrics_service_pb2.ExportMetricsServiceRequest,
    "logs": logs_service_pb2.ExportLogsServiceRequest,
}
RESPONSES = {
    "traces": trace_service_pb2.ExportTraceServiceResponse,
    "metrics": metrics_service_pb2.ExportMetricsServiceResponse,
    "logs": logs_service_pb2.ExportLogsServiceResponse,
}
METHODS = {
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
}
NOW = time.time_ns()
_numbers = itertools.count(1)


def attribute(owner, key, value):
    pair = owner.attributes.add(key=key)
    if isinstance(value, bool):
        pair.value.bool_value = value
    elif isinstance(value, int):
        pair.value.int_value = value
    else:
        pair.value.string_value = value


def traces(
    count=1, *, service="shop", names=None, trace_ids=None, size=0, duration=1_000_000, status=0, attributes=None
):
    """A request with `count` spans, each in a trace of its own unless `trace_ids` says otherwise."""
    request = REQUESTS["traces"]()
    group = request.resource_spans.add()
    attribute(group.resource, "service.name", service)
    scope = group.scope_spans.add()
    scope.scope.name = "tests"
    for index in range(count):
        span = scope.spans.add(
            trace_id=trace_ids[index] if trace_ids else os.urandom(16),
            span_id=os.urandom(8),
            name=names[index] if names else f"span-{next(_numbers)}",
            kind=2,
            start_time_unix_nano=NOW,
            end_time_unix_nano=NOW + duration,
        )
        span.status.code = status
        for key, value in (attributes or {}).items():
            attribute(span, key, value)
        if size:
            attribute(span, "padding", "x" * size)
    return request


def gauge(name="queue.length", value=3, service="shop", attributes=None):
    request = REQUESTS["metrics"]()
    group = request.resource_metrics.add()
    attribute(group.resource, "service.name", service)
    metric = group.scope_metrics.add().metrics.add(name=name)
    point = metric.gauge.data_points.add(time_unix_nano=NOW, as_int=value)
    for key, text in (attributes or {}).items():
        attribute(point, key, text)
    return request


def logs(count=1, *, body="hello", service="shop"):
    request = REQUESTS["logs"]()
    group = request.resource_logs.add()
    attribute(group.resource, "service.name", service)
    scope = group.scope_logs.add()
    for _ in range(count):
        scope.log_records.add(time_unix_nano=NOW).body.string_value = body
    return request


def spans(*requests):
    """All spans of trace requests."""
    return [
        span
        for request in requests
        for group in request.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]


def names(*requests):
    return sorted(span.name for span in spans(*requests))


def readable(message):
    """For comparison with a readable difference."""
    return MessageToDict(message)


def post(daemon, message, signal="traces"):
    """Sends a message by OTLP/HTTP in protobuf; the answer, whatever it says."""
    return requests.post(
        f"{daemon.http}/v1/{signal}",
        data=message.SerializeToString(),
        headers={"Content-Type": "application/x-protobuf"},
        timeout=30,
    )


def send(daemon, message, signal="traces"):
    """The same where all of it must be taken."""
    answer = post(daemon, message, signal)
    assert answer.status_code == 200, answer.content
    return answer


class Client:
    """OTLP/gRPC calls on one connection."""

    def __init__(self, target, **options):
        arguments = {"grpc.max_send_message_length": -1, "grpc.enable_retries": 0, "grpc.use_local_subchannel_pool": 1}
        self.channel = grpc.insecure_channel(target, options=list((arguments | options).items()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    def method(self, signal="traces", raw=False):
        """The Export method; `raw` leaves both messages as bytes."""
        return self.channel.unary_unary(
            METHODS[signal],
            request_serializer=None if raw else REQUESTS[signal].SerializeToString,
            response_deserializer=None if raw else RESPONSES[signal].FromString,
        )

    def export(self, message, signal="traces", timeout=20, **options):
        return self.method(signal)(message, timeout=timeout, **options)


def rich_status(error):
    """The google.rpc.Status of a failed call and its RetryInfo, each None when absent."""
    found = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    if found is None:
        return None, None
    status = status_pb2.Status.FromString(found)
    for detail in status.details:
        if detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
            info = error_details_pb2.RetryInfo()
            detail.Unpack(info)
            return status, info
    return status, None

"""An application instrumented with the OpenTelemetry Python SDK: what it sends arrives at the backend unchanged."""

import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc import _log_exporter as grpc_logs
from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc_metrics
from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as grpc_traces
from opentelemetry.exporter.otlp.proto.http import Compression as HTTPCompression
from opentelemetry.exporter.otlp.proto.http import _log_exporter as http_logs
from opentelemetry.exporter.otlp.proto.http import metric_exporter as http_metrics
from opentelemetry.exporter.otlp.proto.http import trace_exporter as http_traces
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode

import grpc
from otlp import readable

RESOURCE = Resource.create({"service.name": "checkout", "service.instance.id": "1", "port": 8080})


@pytest.fixture(params=["grpc", "grpc-gzip", "http", "http-gzip"])
def exporters(request, forwarding):
    """The SDK's exporters for the three signals, sending to the daemon."""
    protocol, _, compression = request.param.partition("-")
    if protocol == "grpc":
        options = {"endpoint": f"http://{forwarding.grpc}", "insecure": True}
        if compression:
            options["compression"] = grpc.Compression.Gzip
        makers = (grpc_traces.OTLPSpanExporter, grpc_metrics.OTLPMetricExporter, grpc_logs.OTLPLogExporter)
        made = [make(**options) for make in makers]
    else:
        chosen = HTTPCompression.Gzip if compression else HTTPCompression.NoCompression
        made = [
            http_traces.OTLPSpanExporter(endpoint=f"{forwarding.http}/v1/traces", compression=chosen),
            http_metrics.OTLPMetricExporter(endpoint=f"{forwarding.http}/v1/metrics", compression=chosen),
            http_logs.OTLPLogExporter(endpoint=f"{forwarding.http}/v1/logs", compression=chosen),
        ]
    yield made
    for exporter in made:
        exporter.shutdown()


def test_traces_arrive_unchanged(exporters, backend):
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=RESOURCE, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("tests", "1.0", attributes={"scope": "attribute"})
    with tracer.start_as_current_span("order", kind=SpanKind.SERVER) as parent:
        parent.set_attributes({"text": "ä\u0000b", "number": 1 << 60, "flag": False, "list": [1.5, 2.5]})
        parent.add_event("paid", {"amount": 3})
        with tracer.start_as_current_span("stock") as child:
            child.set_status(Status(StatusCode.ERROR, "sold out"))
            child.record_exception(ValueError("none left"))

    finished = memory.get_finished_spans()
    assert exporters[0].export(finished) is SpanExportResult.SUCCESS

    (arrived,) = backend.wait(1, "traces")
    assert readable(arrived) == readable(encode_spans(finished))


def test_metrics_arrive_unchanged(exporters, backend):
    reader = InMemoryMetricReader()
    meter = MeterProvider([reader], resource=RESOURCE, shutdown_on_exit=False).get_meter("tests")
    meter.create_counter("requests", unit="{request}", description="Requests.").add(3, {"route": "/"})
    meter.create_up_down_counter("workers").add(-2)
    meter.create_gauge("load").set(0.25)
    histogram = meter.create_histogram("duration", unit="s")
    for value in (0.001, 0.3, 12):
        histogram.record(value, {"route": "/"})

    data = reader.get_metrics_data()
    assert exporters[1].export(data) is MetricExportResult.SUCCESS

    (arrived,) = backend.wait(1, "metrics")
    assert readable(arrived) == readable(encode_metrics(data))


def test_logs_arrive_unchanged(exporters, backend):
    memory = InMemoryLogRecordExporter()
    provider = LoggerProvider(resource=RESOURCE, shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(memory))
    provider.get_logger("tests").emit(
        LogRecord(
            timestamp=1_700_000_000_000_000_000,
            severity_number=SeverityNumber.WARN,
            severity_text="WARN",
            body={"message": "low stock", "left": 2},
            attributes={"item": "needle"},
        )
    )
    records = memory.get_finished_logs()
    exporters[2].export(records)

    (arrived,) = backend.wait(1, "logs")
    assert readable(arrived) == readable(encode_logs(records))

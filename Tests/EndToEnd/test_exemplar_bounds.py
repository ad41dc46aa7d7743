"""Exemplars and series that are made to fill memory or to take time: the processor stays within its part of the byte budget,
says what it left out, and new series cost no more for what waits."""

import os
import pathlib
import random
import time

import otlp
from daemon import poll
from own_metrics import own_metric

PREFIX = "otelcol_processor_exemplars_"
CONFIG = """
processors:
  memory_limiter: {check_interval: 1s, limit_mib: 128}
  tail_sampling:
    decision_wait: %s
    policies: [{name: some, type: probabilistic, probabilistic: {sampling_percentage: %s}}]
  exemplars: {}
exporters: {prometheus: {endpoint: "127.0.0.1:0", enable_open_metrics: true}, nop: {}}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [memory_limiter, tail_sampling, exemplars], exporters: [nop]}
    metrics: {receivers: [otlp], processors: [memory_limiter, exemplars], exporters: [prometheus]}
"""


def request(count=1, service="shop", **attributes):
    """A histogram of a convention, and its points; each has its number beside `attributes`."""
    message = otlp.REQUESTS["metrics"]()
    group = message.resource_metrics.add()
    otlp.attribute(group.resource, "service.name", service)
    metric = group.scope_metrics.add().metrics.add(name="http.server.request.duration", unit="s")
    metric.histogram.aggregation_temporality = 2
    for number in range(count):
        point = metric.histogram.data_points.add(time_unix_nano=time.time_ns(), count=1, sum=0.5)
        point.bucket_counts.extend([1, 0])
        point.explicit_bounds.append(1.0)
        for key, value in ({"number": str(number)} | attributes).items():
            otlp.attribute(point, key, value)
    return message, metric.histogram.data_points


def add_exemplars(point, count, trace=None, text=None):
    for _ in range(count):
        exemplar = point.exemplars.add(as_double=0.5, time_unix_nano=time.time_ns(), span_id=os.urandom(8))
        exemplar.trace_id = trace or os.urandom(16)
        if text:
            exemplar.filtered_attributes.add(key="k").value.string_value = text


def cpu_seconds(daemon):
    fields = pathlib.Path(f"/proc/{daemon.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_large_exemplars_that_wait_take_little_memory(start):
    daemon = start(CONFIG % ("60s", 1))
    before = daemon.resident_bytes()
    for number in range(30):
        message, points = request(q=str(number))
        add_exemplars(points[0], 10, text="v" * 1_000_000)
        otlp.send(daemon, message, "metrics")
    assert own_metric(daemon, PREFIX + "waiting") == 300
    assert own_metric(daemon, PREFIX + "shed_attributes") == 300
    assert daemon.resident_bytes() - before < 150e6


def test_series_of_many_labels_are_not_followed(start):
    daemon = start(CONFIG % ("60s", 1))
    message, points = request(**{f"{number:05x}": "" for number in range(10_000)})
    for _ in range(49):
        points.add().CopyFrom(points[0])
    otlp.send(daemon, message, "metrics")
    before = daemon.resident_bytes()
    for round_number in range(20):
        for number, point in enumerate(points):
            point.attributes[0].value.string_value = f"{round_number}-{number}"
        otlp.send(daemon, message, "metrics")
    assert own_metric(daemon, PREFIX + "untracked_points", reason="attributes") == 1050
    assert daemon.resident_bytes() - before < 60e6


def test_many_exemplars_of_one_trace_take_little_time(start):
    daemon = start(CONFIG % ("60s", 1))
    messages = []
    for trace in (b"\x11" * 16, None):
        message, points = request(1000)
        for point in points:
            add_exemplars(point, 40, trace)
        messages.append(message)
    before = cpu_seconds(daemon)
    for message in messages:
        otlp.send(daemon, message, "metrics")
    assert cpu_seconds(daemon) - before < 2
    assert own_metric(daemon, PREFIX + "withheld", reason="full") > 0


def test_new_series_take_little_time_though_many_spans_wait(start):
    daemon = start(CONFIG % ("1s", 100))
    message = otlp.traces(4000)
    for number, span in enumerate(otlp.spans(message)):
        span.kind = 2
        span.trace_id = os.urandom(16)
        span.start_time_unix_nano = span.end_time_unix_nano - int(2 ** random.uniform(5, 50))
        otlp.attribute(span, "q", str(number))
    otlp.send(daemon, message)
    poll(lambda: own_metric(daemon, "otelcol_processor_tail_sampling_sampling_traces_on_memory") == 0)
    message, _ = request(4000)
    before = cpu_seconds(daemon)
    otlp.send(daemon, message, "metrics")
    assert cpu_seconds(daemon) - before < 3
    assert own_metric(daemon, PREFIX + "published") <= 10_000

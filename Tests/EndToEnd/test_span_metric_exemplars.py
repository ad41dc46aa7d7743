"""Exemplars of the histograms that `span_metrics` makes before the sampler: each leads to a kept span of its own operation,
in a bucket that counts it."""

import os
import random
import time

import pytest

import otlp
import scrape
from daemon import poll
from demo import start_demo

CONFIG = """
connectors:
  span_metrics: {metrics_flush_interval: 300ms, exemplars: {enabled: true}, %s}
processors:
  tail_sampling:
    decision_wait: 1s
    policies: [{name: few, type: probabilistic, probabilistic: {sampling_percentage: 1}}]
  exemplars: {promote: {budget_per_second: 50}, %s}
exporters: {prometheus: {endpoint: "127.0.0.1:0", enable_open_metrics: true}}
service:
  pipelines:
    traces/all: {receivers: [otlp], exporters: [span_metrics]}
    traces: {processors: [tail_sampling, exemplars]}
    metrics: {receivers: [span_metrics], processors: [exemplars], exporters: [prometheus]}
"""
OPERATIONS = {"FAST": (1, 9), "SLOW": (500, 9000)}
"""The least and the most milliseconds."""
KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]
STATUSES = ["UNSET", "OK", "ERROR"]


def buckets(daemon, name):
    """The buckets of a histogram that count something, with their exemplars: {series: [(count, exemplar), ...]}, in the
    order of their bounds. Checks that an exemplar is in the bucket that it says."""
    found = {}
    for sample in scrape.openmetrics(daemon.scrape)[name].samples:
        if sample.name.endswith("_bucket"):
            labels = dict(sample.labels)
            bound = float(labels.pop("le"))
            found.setdefault(tuple(sorted(labels.items())), []).append((bound, sample))
    result = {}
    for series, samples in found.items():
        lower, below = 0, 0
        for bound, sample in sorted(samples, key=lambda pair: pair[0]):
            count, exemplar = sample.value - below, sample.exemplar
            if exemplar:
                assert count > 0, (series, bound, exemplar)
                assert lower < exemplar.value <= bound or exemplar.value == 0
            if count:
                result.setdefault(series, []).append((count, exemplar))
            lower, below = bound, sample.value
    return result


def upper(counts):
    """The buckets behind the one with the median, as `(count, exemplar)`."""
    total, below = sum(count for count, _ in counts), 0
    for count, exemplar in counts:
        if 2 * below >= total:
            yield count, exemplar
        below += count


def send_operations(daemon, each, random):
    request = otlp.REQUESTS["traces"]()
    group = request.resource_spans.add()
    otlp.attribute(group.resource, "service.name", "shop")
    spans, now = group.scope_spans.add().spans, time.time_ns()
    for operation, (least, most) in OPERATIONS.items():
        for _ in range(each):
            start = now - int(random.uniform(least, most) * 1e6)
            spans.add(
                trace_id=os.urandom(16),
                span_id=os.urandom(8),
                name=operation,
                kind=random.choice([1, 2]),
                start_time_unix_nano=start,
                end_time_unix_nano=now,
            )
    otlp.send(daemon, request)


@pytest.mark.parametrize(
    ("connector", "processor", "name"),
    [
        ("", "", "traces_span_metrics_duration_milliseconds"),
        ("namespace: shop.server, histogram: {unit: s}", "", "shop_server_duration_seconds"),
        (
            "exclude_dimensions: [status.code]",
            "include: {metric_name: traces.span.metrics.duration}",
            "traces_span_metrics_duration_milliseconds",
        ),
    ],
)
def test_every_exemplar_is_of_its_operation(start, backend, connector, processor, name):
    daemon = start(CONFIG % (connector, processor))
    generator = random.Random(8)
    for _ in range(20):
        send_operations(daemon, 250, generator)
        time.sleep(0.2)

    def coverage():
        found = [exemplar is not None for counts in buckets(daemon, name).values() for _, exemplar in upper(counts)]
        return len(found) >= 6 and sum(found) / len(found)

    poll(lambda: coverage() >= 0.95, what="exemplars in 95 % of the upper buckets")
    shown = buckets(daemon, name)
    daemon.stop()
    assert len(otlp.spans(*backend.messages())) < 0.05 * 20 * 500
    assert check(shown, backend, scale=1e9 if name.endswith("_seconds") else 1e6) > 10


def check(shown, backend, scale):
    """Whether each exemplar leads to a forwarded span that the labels of its series speak of. Returns how many there are."""
    kept = {(span.trace_id.hex(), span.span_id.hex()): span for span in otlp.spans(*backend.messages())}
    count = 0
    for series, counts in shown.items():
        labels = dict(series)
        for _, exemplar in counts:
            if exemplar is None:
                continue
            count += 1
            span = kept[exemplar.labels["trace_id"], exemplar.labels["span_id"]]
            assert span.name == labels["span_name"]
            assert f"SPAN_KIND_{KINDS[span.kind]}" == labels["span_kind"]
            status = labels.get("status_code", f"STATUS_CODE_{STATUSES[span.status.code]}")
            assert f"STATUS_CODE_{STATUSES[span.status.code]}" == status
            duration = (span.end_time_unix_nano - span.start_time_unix_nano) / scale
            assert exemplar.value == pytest.approx(duration, rel=1e-6)
    return count


def test_the_exemplars_of_the_demo_are_of_their_operations(tmp_path, backend):
    daemon = start_demo(tmp_path / "demo", backend, **{"processors.tail_sampling.decision_wait": "500ms"})
    try:
        name = "traces_span_metrics_duration_milliseconds"

        def some():
            shown = buckets(daemon, name) if name in scrape.openmetrics(daemon.scrape) else {}
            return sum(exemplar is not None for counts in shown.values() for _, exemplar in counts) >= 20

        poll(some, seconds=60, what="exemplars", interval=0.5)
        shown = buckets(daemon, name)
        daemon.stop()
    finally:
        daemon.destroy()
    assert check(shown, backend, scale=1e6) >= 20

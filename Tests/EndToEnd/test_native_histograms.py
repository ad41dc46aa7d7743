"""Exponential histograms, shown as native histograms: read by Google's protobuf library and by a real Prometheus."""

import collections
import math
import random
import time

import metric_family
import otlp
import pytest
import scrape
from daemon import poll
from prometheus import Prometheus

CONFIG = """
exporters:
  prometheus: {endpoint: "127.0.0.1:0", enable_open_metrics: true}
service: {pipelines: {metrics: {exporters: [prometheus]}}}
"""
TRACE = bytes(range(16))


def exponential(values, scale, *, name="latency", temporality=2, times=(otlp.NOW - 10**9, otlp.NOW), exemplar=None):
    """A request with the exponential histogram of values above zero."""
    request = otlp.gauge("depth", 3)
    metric = request.resource_metrics[0].scope_metrics[0].metrics.add(name=name, unit="s", description="How long.")
    metric.exponential_histogram.aggregation_temporality = temporality
    point = metric.exponential_histogram.data_points.add(
        start_time_unix_nano=times[0], time_unix_nano=times[1], count=len(values), sum=sum(values), scale=scale
    )
    counts = collections.Counter(math.ceil(math.log2(value) * 2**scale) - 1 for value in values)
    point.positive.offset = min(counts)
    point.positive.bucket_counts.extend(counts[index] for index in range(min(counts), max(counts) + 1))
    if exemplar:
        point.exemplars.add(time_unix_nano=times[1], as_double=exemplar, trace_id=TRACE, span_id=b"12345678")
    return request


def latencies(count=1000):
    source = random.Random(7)
    return [source.lognormvariate(-2, 1) for _ in range(count)]


def test_every_type_is_read_by_the_protobuf_library(start):  # conformance 190
    daemon = start(CONFIG)
    request = exponential([0.5, 0.6, 3], 1, exemplar=0.6)
    metrics = request.resource_metrics[0].scope_metrics[0].metrics
    counter = metrics.add(name="requests").sum
    counter.is_monotonic, counter.aggregation_temporality = True, 2
    point = counter.data_points.add(start_time_unix_nano=5 * 10**9, time_unix_nano=otlp.NOW, as_int=7)
    point.exemplars.add(time_unix_nano=otlp.NOW, as_int=1, trace_id=TRACE)
    explicit = metrics.add(name="classic").histogram
    explicit.aggregation_temporality = 2
    explicit.data_points.add(time_unix_nano=otlp.NOW, count=6, sum=1, bucket_counts=[1, 2, 3], explicit_bounds=[0.5, 1])
    summary = metrics.add(name="size", unit="By").summary.data_points.add(time_unix_nano=otlp.NOW, count=2, sum=30)
    summary.quantile_values.add(quantile=0.5, value=10)
    otlp.send(daemon, request, "metrics")

    families = metric_family.scrape(daemon.scrape)
    assert {name: metric_family.TYPES[family.type] for name, family in families.items()} == {
        "target_info": "GAUGE",
        "depth": "GAUGE",
        "requests_total": "COUNTER",
        "classic": "HISTOGRAM",
        "latency_seconds": "HISTOGRAM",
        "size_bytes": "SUMMARY",
    }
    counter = families["requests_total"].metric[0].counter
    assert (counter.value, counter.created_timestamp.seconds, counter.exemplar.label[0].value) == (7, 5, TRACE.hex())
    buckets = families["classic"].metric[0].histogram.bucket
    assert [(bucket.upper_bound, bucket.cumulative_count) for bucket in buckets] == [(0.5, 1), (1, 3), (math.inf, 6)]
    assert families["size_bytes"].metric[0].summary.quantile[0].value == 10
    family = families["latency_seconds"]
    assert (family.help, family.unit) == ("How long.", "seconds")
    native = family.metric[0].histogram
    # 0.5 is the upper bound of bucket -2; 0.6 lies in (0.5, 0.707], which is -1; 3 in (2.83, 4], which is 4.
    assert [(span.offset, span.length) for span in native.positive_span] == [(-2, 2), (4, 1)]
    assert list(native.positive_delta) == [1, 0, 0]
    assert (native.schema, native.sample_count, native.zero_threshold) == (1, 3, 1e-128)
    assert native.exemplars[0].value == 0.6
    assert native.exemplars[0].timestamp.ToNanoseconds() == otlp.NOW


def test_text_formats_show_what_the_opentelemetry_collector_shows(start):  # conformance 191
    daemon = start(CONFIG)
    otlp.send(daemon, exponential([0.5, 0.6, 3], 1), "metrics")
    for families in (scrape.text(daemon.scrape), scrape.openmetrics(daemon.scrape)):
        samples = {sample.name: sample for sample in families["latency_seconds"].samples}
        assert samples["latency_seconds_bucket"].labels["le"] == "+Inf"
        assert samples["latency_seconds_bucket"].value == samples["latency_seconds_count"].value == 3


@pytest.mark.parametrize("scale", [3, 12])
def test_prometheus_computes_quantiles_from_native_histograms(start, tmp_path, scale):
    daemon = start(CONFIG)
    values = latencies()
    features = ("exemplar-storage", "native-histograms")
    with Prometheus(tmp_path, {"shop": daemon.scrape}, features=features) as server:
        otlp.send(daemon, exponential(values, scale, exemplar=values[0]), "metrics")
        poll(lambda: server.query("histogram_count(latency_seconds)") == len(values), what="the native histogram")
        for quantile in (0.5, 0.9, 0.99):
            true = sorted(values)[int(quantile * len(values))]
            computed = server.query(f"histogram_quantile({quantile}, latency_seconds)")
            # A bucket of scale 3 is 9 % wide, the interpolation and the choice of the rank add a little.
            assert abs(computed / true - 1) < (0.1 if scale == 3 else 0.03)
        assert abs(server.query("histogram_sum(latency_seconds)") - sum(values)) < 1e-6
        assert server.query("min(up)") == 1
        assert server.query("depth") == 3
        poll(lambda: server.exemplars("latency_seconds"), what="the exemplar")
        assert server.exemplars("latency_seconds")[0]["labels"]["trace_id"] == TRACE.hex()


def test_deltas_of_changing_scales_are_one_growing_histogram_in_prometheus(start, tmp_path):  # conformance 132
    daemon = start(CONFIG)
    values = latencies(600)
    with Prometheus(tmp_path, {"shop": daemon.scrape}, features=("native-histograms",)) as server:
        end = time.time_ns()
        for number, scale in enumerate([6, 4, 5]):
            part = values[number * 200 : (number + 1) * 200]
            times = (end + number * 10**9, end + (number + 1) * 10**9)
            otlp.send(daemon, exponential(part, scale, temporality=1, times=times), "metrics")
        poll(lambda: server.query("histogram_count(latency_seconds)") == len(values), what="all observations")
        computed = server.query("histogram_quantile(0.9, latency_seconds)")
        assert abs(computed / sorted(values)[540] - 1) < 0.07
        assert server.query("min(up)") == 1


def test_a_server_without_native_histograms_gets_the_text(start, tmp_path):
    daemon = start(CONFIG)
    with Prometheus(tmp_path, {"shop": daemon.scrape}) as server:
        otlp.send(daemon, exponential([1, 2, 3], 2), "metrics")
        poll(lambda: server.query("latency_seconds_count") == 3, what="the histogram")
        assert server.query('latency_seconds_bucket{le="+Inf"}') == 3

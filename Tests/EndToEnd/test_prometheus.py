"""Metrics to be scraped, with a real Prometheus server, promtool and Prometheus's Python parser as judges."""

import re
import subprocess
import time

import pytest
import requests

import otlp
import scrape
from daemon import poll
from prometheus import Prometheus
from shop import BOUNDS, SCRAPED, Shop

SAMPLING = """
processors:
  tail_sampling:
    decision_wait: 400ms
    policies:
      - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
      - {name: slow, type: latency, latency: {threshold_ms: 150}}
      - {name: some, type: probabilistic, probabilistic: {sampling_percentage: 20}}
  exemplars:
    include: {metric_name: http.server.duration, trace_id: true}
    %s
exporters:
  prometheus: {endpoint: "127.0.0.1:0", enable_open_metrics: true}
service:
  pipelines:
    traces: {processors: [tail_sampling, exemplars]}
    metrics: {processors: [exemplars], exporters: [prometheus]}
"""
PLAIN = """
exporters:
  prometheus: {endpoint: "127.0.0.1:0", enable_open_metrics: true}
service: {pipelines: {metrics: {exporters: [prometheus]}}}
"""


def forwarded_ids(backend):
    return {span.trace_id.hex() for span in otlp.spans(*backend.messages(accepted_only=True))}


@pytest.mark.parametrize("percentile", [None, 85])
def test_every_exemplar_seen_leads_to_a_forwarded_trace(percentile, start, backend, tmp_path):  # conformance 165
    daemon = start(SAMPLING % (f"filter: {{percentile: {percentile}}}" if percentile else ""))
    # One series when the percentile counts: of few requests any may be the slowest.
    shop = Shop(daemon, routes=["/basket"] if percentile else ["/basket", "/pay"])
    seen = {}
    with Prometheus(tmp_path, {"shop": daemon.scrape, "needletail": daemon.own_metrics}) as server:

        def enough():
            shop.round(with_exemplars=percentile is None)
            for sample, exemplar in scrape.exemplars(scrape.openmetrics(daemon.scrape)):
                seen[exemplar.labels["trace_id"]] = (sample, exemplar)
            return len(seen) >= 20 and len(server.exemplars(f"{SCRAPED}_bucket")) >= 10

        poll(enough, seconds=40, what="exemplars", interval=0.1)
        stored = server.exemplars(f"{SCRAPED}_bucket")
        assert server.query(f"sum({SCRAPED}_count)") > 0
        assert server.query("min(up)") == 1
        assert server.rejected_exemplars() == 0
    books = daemon.stop()

    kept = forwarded_ids(backend)
    assert set(seen) <= kept
    assert {exemplar["labels"]["trace_id"] for exemplar in stored} <= kept
    assert kept < shop.sent, "the sampler has dropped nothing: this test proves nothing"
    for sample, exemplar in seen.values():
        assert sample.name == f"{SCRAPED}_bucket"
        bound = float(sample.labels["le"])
        lower = max([below for below in BOUNDS if below < bound], default=0)
        assert lower < exemplar.value <= bound  # conformance 152
    if percentile is None:
        assert set(seen) & shop.offered, "no exemplar of the application's own was published"
        assert set(seen) - shop.offered, "no exemplar was made of a span"
    else:
        # Four requests of five take up to 10 ms: the percentile lies beyond.
        assert all(exemplar.value > 10 for _, exemplar in seen.values())
    assert books["exporter otlp_http", "traces"].forwarded == len(otlp.spans(*backend.messages()))


def test_exemplars_pass_unchanged_without_the_processor(start):
    daemon = start(PLAIN)
    shop = Shop(daemon)
    shop.round(with_exemplars=True)
    seen = scrape.exemplars(scrape.openmetrics(daemon.scrape))
    assert seen and {exemplar.labels["trace_id"] for _, exemplar in seen} <= shop.offered


def test_each_kind_of_metric_is_exposed(start):  # conformance 129, 136
    daemon = start(PLAIN)
    request = otlp.gauge("queue.length", 3, attributes={"queue.name": 'a"b\\c\nd'})
    metrics = request.resource_metrics[0].scope_metrics[0].metrics
    counter = metrics.add(name="requests", unit="{request}", description="All requests.").sum
    counter.is_monotonic, counter.aggregation_temporality = True, 2
    counter.data_points.add(time_unix_nano=otlp.NOW, as_int=9007199254740993)
    histogram = metrics.add(name="latency", unit="s").histogram
    histogram.aggregation_temporality = 2
    histogram.data_points.add(
        time_unix_nano=otlp.NOW, count=6, sum=10.5, bucket_counts=[1, 2, 3], explicit_bounds=[0.5, 1]
    )
    summary = metrics.add(name="size", unit="By").summary.data_points.add(time_unix_nano=otlp.NOW, count=2, sum=30)
    summary.quantile_values.add(quantile=0.5, value=10)
    otlp.send(daemon, request, "metrics")

    for families in (scrape.openmetrics(daemon.scrape), scrape.text(daemon.scrape)):
        samples = {
            (sample.name, sample.labels.get("le", sample.labels.get("quantile", ""))): sample
            for family in families.values()
            for sample in family.samples
        }
        assert samples["queue_length", ""].labels["queue_name"] == 'a"b\\c\nd'
        assert samples["queue_length", ""].labels["job"] == "shop"
        assert samples["requests_total", ""].value == 9007199254740993
        buckets = [sample.value for (name, _), sample in samples.items() if name == "latency_seconds_bucket"]
        assert buckets == [1, 3, 6]
        assert samples["latency_seconds_sum", ""].value == 10.5
        assert samples["size_bytes", "0.5"].value == 10
    assert "9007199254740993" in requests.get(daemon.scrape, timeout=10).text  # conformance 142


def test_paths_and_methods_of_the_scrape_endpoint(start):  # conformance 199
    daemon = start(PLAIN)
    head = requests.head(daemon.scrape, timeout=10)
    assert (head.status_code, head.content) == (200, b"")
    assert requests.get(daemon.scrape.removesuffix("metrics"), timeout=10).status_code == 404
    assert requests.post(daemon.scrape, timeout=10).status_code == 405


def test_gzip_only_on_request(start):  # conformance 188
    daemon = start(PLAIN)
    Shop(daemon).round()
    plain = requests.get(daemon.scrape, headers={"Accept-Encoding": "identity"}, timeout=10)
    packed = requests.get(daemon.scrape, headers={"Accept-Encoding": "gzip"}, timeout=10)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.text == packed.text


def test_scrapes_while_data_comes_in_are_whole(start):  # conformance 179
    daemon = start(PLAIN)
    shop = Shop(daemon)
    for _ in range(20):
        shop.round()
        families = scrape.openmetrics(daemon.scrape)
        counts = {}
        for sample in families[SCRAPED].samples:
            counts.setdefault(sample.labels["http_route"], {})[sample.labels.get("le", sample.name)] = sample.value
        assert all(found["+Inf"] == found[f"{SCRAPED}_count"] for found in counts.values())
    assert sum(found["+Inf"] for found in counts.values()) == 20 * 50


def lint(text):
    """What `promtool check metrics` says of a scrape; broken text is an error."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=30)
    assert done.returncode in (0, 3), done.stderr  # 3: style
    return [line for line in (done.stdout + done.stderr).splitlines() if line]


def test_promtool_accepts_the_scrape(start):
    daemon = start(SAMPLING % "")
    shop = Shop(daemon)
    shop.round(with_exemplars=True)
    # `ms` is what the application chose; everything else is ours.
    complaints = [line for line in lint(requests.get(daemon.scrape, timeout=10).text) if "milliseconds" not in line]
    assert complaints == []


def test_promtool_accepts_the_daemons_own_metrics(start):
    daemon = start(SAMPLING % "")
    Shop(daemon).round()
    complaints = lint(requests.get(daemon.own_metrics, timeout=10).text)
    # The names are the OpenTelemetry Collector's, which end as they like.
    assert [line for line in complaints if not re.search('^otelcol_.*(_total|_count|_sum)" suffix$', line)] == []


def test_a_series_that_is_no_longer_updated_goes(start):  # conformance 145
    daemon = start(PLAIN.replace("enable_open_metrics: true", "enable_open_metrics: true, metric_expiration: 300ms"))
    otlp.send(daemon, otlp.gauge("short.lived"), "metrics")
    assert "short_lived" in scrape.text(daemon.scrape)
    began = time.monotonic()
    poll(lambda: "short_lived" not in scrape.text(daemon.scrape), what="the expiry")
    assert time.monotonic() - began < 5


def test_metrics_that_cannot_be_shown_cost_no_one_else_anything(start):
    daemon = start(PLAIN)
    request = otlp.gauge("good", 1)
    metrics = request.resource_metrics[0].scope_metrics[0].metrics
    metrics.add(name="...").gauge.data_points.add(time_unix_nano=otlp.NOW, as_int=1)
    metrics.add(name="good").sum.data_points.add(time_unix_nano=otlp.NOW, as_int=1)
    point = metrics.add(name="reserved").gauge.data_points.add(time_unix_nano=otlp.NOW, as_double=float("nan"))
    for key in ("job", "le", "a.b", "a_b", "__name__", "1"):
        otlp.attribute(point, key, "x")
    otlp.send(daemon, request, "metrics")
    for families in (scrape.openmetrics(daemon.scrape), scrape.text(daemon.scrape)):
        assert "good" in families

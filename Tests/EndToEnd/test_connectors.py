"""Connectors in a running daemon: what spans say as metrics, on a scrape endpoint and at a backend."""

import math
import os
import subprocess

import pytest

import otlp
import scrape
from backend import Answer
from daemon import binary, environment, poll
from own_metrics import own_metric

COUNTED = """
connectors: {span_metrics: {metrics_flush_interval: 200ms}}
exporters: {prometheus: {endpoint: "127.0.0.1:0"}}
service:
  pipelines:
    traces: {exporters: [span_metrics, otlp_http]}
    metrics: {receivers: [span_metrics], exporters: [prometheus]}
"""


def values(daemon, name, *labels):
    """The samples of one name on the scrape endpoint, by the values of labels."""
    return {
        tuple(sample.labels.get(label, "") for label in labels): sample.value
        for family in scrape.text(daemon.scrape).values()
        for sample in family.samples
        if sample.name == name
    }


def calls(daemon, *labels):
    return values(daemon, "traces_span_metrics_calls_total", *labels)


def test_spans_are_counted_on_the_scrape_endpoint(start, backend):  # conformance 231, 233
    daemon = start(COUNTED)
    otlp.send(daemon, otlp.traces(3, names=["GET"] * 3, duration=5_000_000))
    otlp.send(daemon, otlp.traces(2, names=["GET"] * 2, duration=3_000_000_000, status=2))
    otlp.send(daemon, otlp.traces(1, names=["PUT"], duration=-7))
    labels = ("service_name", "span_name", "span_kind", "status_code")
    expected = {
        ("shop", "GET", "SPAN_KIND_SERVER", "STATUS_CODE_UNSET"): 3,
        ("shop", "GET", "SPAN_KIND_SERVER", "STATUS_CODE_ERROR"): 2,
        ("shop", "PUT", "SPAN_KIND_SERVER", "STATUS_CODE_UNSET"): 1,
    }
    poll(lambda: calls(daemon, *labels) == expected, what="the counts")
    name = "traces_span_metrics_duration_milliseconds"
    assert values(daemon, f"{name}_count", *labels) == expected
    assert values(daemon, f"{name}_sum", *labels) == dict(zip(expected, (15, 6000, 0), strict=True))
    buckets = values(daemon, f"{name}_bucket", "span_name", "status_code", "le")
    assert buckets["GET", "STATUS_CODE_UNSET", "4"] == 0 and buckets["GET", "STATUS_CODE_UNSET", "6"] == 3
    assert buckets["GET", "STATUS_CODE_ERROR", "2000"] == 0 and buckets["GET", "STATUS_CODE_ERROR", "5000"] == 2
    assert len(otlp.spans(*backend.wait(3))) == 6
    books = daemon.stop()
    assert books["connector span_metrics", "traces"].forwarded == 6
    assert books["pipeline traces", "traces"].forwarded == 6
    assert books["pipeline metrics", "metrics"].received > 0


SAMPLED = """
connectors:
  span_metrics: {metrics_flush_interval: 200ms, exemplars: {enabled: true}}
processors:
  tail_sampling:
    decision_wait: 1s
    policies:
      - {name: few, type: probabilistic, probabilistic: {sampling_percentage: 1}}
      - {name: slow, type: latency, latency: {threshold_ms: 120}}
  exemplars: {include: {metric_name: traces.span.metrics.duration, trace_id: true}}
exporters: {prometheus: {endpoint: "127.0.0.1:0", enable_open_metrics: true}}
service:
  pipelines:
    traces/all: {receivers: [otlp], exporters: [span_metrics]}
    traces: {processors: [tail_sampling, exemplars]}
    metrics: {receivers: [span_metrics], processors: [exemplars], exporters: [prometheus]}
"""


def test_counts_before_the_sampler_are_exact_and_exemplars_lead_to_kept_traces(start, backend):  # conformance 234
    daemon = start(SAMPLED)
    sent = 0
    for number in range(20):
        otlp.send(daemon, otlp.traces(250, names=["GET"] * 250, duration=1_000_000 * (1 + number * 7)))
        sent += 250
    poll(lambda: sum(calls(daemon, "span_name").values()) == sent, what="all spans to be counted")
    shown = poll(lambda: scrape.exemplars(scrape.openmetrics(daemon.scrape)), what="exemplars", seconds=20)
    daemon.stop()
    kept = {span.trace_id.hex() for span in otlp.spans(*backend.messages())}
    assert 760 < len(kept) < 830
    assert {exemplar.labels["trace_id"] for _, exemplar in shown} <= kept


def test_counts_behind_the_sampler_are_corrected(start, backend):  # conformance 232, 234
    """Two kinds of spans, of which chance keeps a quarter."""
    daemon = start(
        """
connectors: {span_metrics: {metrics_flush_interval: 200ms, enable_metrics_sampling_method: true}}
processors:
  tail_sampling:
    decision_wait: 100ms
    policies: [{name: some, type: probabilistic, probabilistic: {sampling_percentage: 25}}]
exporters: {prometheus: {endpoint: "127.0.0.1:0"}}
service:
  pipelines:
    traces: {processors: [tail_sampling], exporters: [span_metrics]}
    metrics: {receivers: [span_metrics], exporters: [prometheus]}
"""
    )
    for _ in range(10):
        otlp.send(daemon, otlp.traces(400, names=["GET", "PUT"] * 200))
    deviation = math.sqrt(2000 * 0.25 * 0.75) / 0.25
    counts = {}

    def are_stable():
        before = dict(counts)
        counts.update(calls(daemon, "span_name", "sampling_method"))
        return counts and counts == before

    poll(are_stable, what="counts that stay", interval=0.7)
    assert set(counts) == {("GET", "extrapolated"), ("PUT", "extrapolated")}
    for count in counts.values():
        assert abs(count - 2000) <= 4 * deviation


def test_the_graph_of_services_is_found_across_requests_and_protocols(start):
    daemon = start(
        """
connectors:
  service_graph: {metrics_flush_interval: 200ms, store: {ttl: 1s}, store_expiration_loop: 100ms, dimensions: [zone]}
exporters: {prometheus: {endpoint: "127.0.0.1:0"}}
service:
  pipelines:
    traces: {exporters: [service_graph]}
    metrics: {receivers: [service_graph], exporters: [prometheus]}
"""
    )

    def span(service, kind, trace, number, parent=None, failed=False, **attributes):
        request = otlp.traces(1, service=service, trace_ids=[trace], duration=20_000_000, status=2 if failed else 0)
        (made,) = otlp.spans(request)
        made.kind, made.span_id = kind, number.to_bytes(8, "big")
        made.parent_span_id = parent.to_bytes(8, "big") if parent else b""
        for key, value in attributes.items():
            otlp.attribute(made, key.replace("_", "."), value)
        return request

    server, client, producer, consumer = 2, 3, 4, 5
    for number in range(5):
        trace = os.urandom(16)
        pieces = [
            span("shop", server, trace, 1),
            span("shop", client, trace, 2, 1, zone="east"),
            span("cart", server, trace, 3, 2, failed=number == 0, zone="west"),
            span("cart", client, trace, 4, 3, db_name="carts"),
            span("cart", client, trace, 5, 3, peer_service="bank"),
            span("cart", producer, trace, 6, 3),
            span("mail", consumer, trace, 7, 6),
            span("mail", client, trace, 8, 7),
        ]
        for piece in pieces if number % 2 else reversed(pieces):
            otlp.send(daemon, piece)
    labels = ("client", "server", "connection_type")

    def edges(name):
        sums = {}
        for key, value in values(daemon, f"traces_service_graph_{name}", *labels, "failed").items():
            sums[key[:3]] = sums.get(key[:3], 0) + value
        return sums

    expected = {
        ("user", "shop", "virtual_node"): 5,
        ("shop", "cart", ""): 5,
        ("cart", "carts", "database"): 5,
        ("cart", "bank", "virtual_node"): 5,
        ("cart", "mail", "messaging_system"): 5,
    }
    poll(lambda: edges("request_total") == expected, what="the edges")
    assert edges("request_failed_total") == {("shop", "cart", ""): 1}
    assert edges("request_server_seconds_count")["shop", "cart", ""] == 5
    assert edges("request_client_seconds_sum")["shop", "cart", ""] == pytest.approx(0.1)
    poll(
        lambda: values(daemon, "traces_service_graph_unpaired_spans_total", "client", "server") == {("mail", ""): 5},
        what="the spans without a counterpart",
    )
    zones = values(daemon, "traces_service_graph_request_total", "client", "client_zone", "server_zone")
    assert ("shop", "east", "west") in zones


def test_a_shutdown_sends_what_was_counted(start, backend):
    daemon = start("""
connectors: {spanmetrics: , servicegraph: }
service:
  pipelines:
    traces: {exporters: [spanmetrics, servicegraph]}
    metrics: {receivers: [spanmetrics, servicegraph]}
""")
    otlp.send(daemon, otlp.traces(7, names=["GET"] * 7))
    books = daemon.stop()
    counted = [
        (metric.name, point.as_int)
        for request in backend.messages("metrics")
        for group in request.resource_metrics
        for scope in group.scope_metrics
        for metric in scope.metrics
        for point in metric.sum.data_points
    ]
    assert sorted(counted) == [("traces.span.metrics.calls", 7), ("traces_service_graph_request_total", 7)]
    assert books["exporter otlp_http", "metrics"].forwarded == books["pipeline metrics", "metrics"].received


def test_deltas_that_a_backend_refuses_come_again_each_once(start, backend):
    """Without a queue and without retries the exporter's answer is known only when the backend has spoken."""
    backend.answers.extend(Answer(status=503) for _ in range(4))
    daemon = start(
        """
connectors:
  span_metrics: {metrics_flush_interval: 100ms, aggregation_temporality: AGGREGATION_TEMPORALITY_DELTA}
exporters: {otlp_http: {sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}}
service:
  pipelines:
    traces: {exporters: [span_metrics]}
    metrics: {receivers: [span_metrics]}
"""
    )
    for _ in range(20):
        otlp.send(daemon, otlp.traces(10, names=["GET"] * 10))
    poll(lambda: own_metric(daemon, "otelcol_connector_span_metrics_failed_sends") == 4, what="four refusals")
    otlp.send(daemon, otlp.traces(10, names=["GET"] * 10))
    daemon.stop()
    counted = [
        point.as_int
        for received in backend.received
        if received.signal == "metrics" and received.answer.is_success
        for group in received.message.resource_metrics
        for scope in group.scope_metrics
        for metric in scope.metrics
        for point in metric.sum.data_points
    ]
    assert sum(counted) == 210


def needletail(*arguments):
    return subprocess.run([binary(), *arguments], capture_output=True, text=True, timeout=30, env=environment())


def test_connectors_are_listed_and_checked():
    listed = needletail("components").stdout
    assert "span_metrics (also spanmetrics) [traces]" in listed
    assert "service_graph (also servicegraph) [traces]" in listed
    base = "receivers: {otlp: {protocols: {http: }}}\nexporters: {nop: }\nconnectors: {span_metrics: {%s}}\n"
    pipelines = "service: {pipelines: {traces: {receivers: [otlp], exporters: [%s]}, %s}}\n"
    metrics = "metrics: {receivers: [span_metrics], exporters: [nop]}"
    cases = [
        ("", "span_metrics", metrics, None),
        ("dimensionz: []", "span_metrics", metrics, "unknown key `dimensionz`; did you mean `dimensions`?"),
        ("", "nop", metrics, "used as a receiver but not as an exporter"),
        ("", "span_metrics", "logs: {receivers: [span_metrics], exporters: [nop]}", "it makes metrics"),
    ]
    for keys, exporter, other, problem in cases:
        result = needletail("validate", "--config", "yaml:" + base % keys + pipelines % (exporter, other))
        assert (result.returncode == 0) == (problem is None), result.stderr
        assert problem is None or problem in result.stderr
    printed = needletail("print-config", "--config", "yaml:" + base % "namespace: red" + pipelines % ("span_metrics", metrics))
    assert "namespace: red" in printed.stdout

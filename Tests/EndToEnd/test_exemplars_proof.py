"""The promise of `exemplars`, with real Prometheus servers as witnesses: under tail sampling at 1 %, whatever a server has
stored leads to a trace that was forwarded, and the buckets one looks at have something stored."""

import contextlib
import threading
import time

import pytest

import otlp
import scrape
from backend import Answer
from daemon import poll
from own_metrics import own_metric
from prometheus import Prometheus
from services import BOUNDS, SCRAPED, Services

CONFIG = """
processors:
  tail_sampling:
    decision_wait: 500ms
    policies:
      - {name: one-percent, type: probabilistic, probabilistic: {sampling_percentage: 1}}
  exemplars:
    %s
exporters:
  prometheus: {endpoint: "127.0.0.1:0", enable_open_metrics: true}
service:
  pipelines:
    traces: {processors: [tail_sampling, exemplars]}
    metrics: {processors: [exemplars], exporters: [prometheus]}
"""
COUNTER = "match: [{metric_name: shop.orders, span_kind: server, attributes: {path: http.route}}]"
FEATURES = ("exemplar-storage",)


def bucket(labels):
    """(service, route, bucket) of a stored exemplar's series."""
    bounds = [*BOUNDS, float("inf")]
    return labels["job"], labels["http_route"], bounds.index(float(labels["le"]))


def prove(daemon, backend, directory, rounds, each, features=(FEATURES,)):
    """Runs the workload and returns it, the forwarded ids, and for each server the buckets with a stored exemplar.

    There is a server for each of `features`; all scrape the same daemon.
    """
    services = Services(daemon)
    # Applications are there before their requests are: the series begin at zero.
    services.report()
    with contextlib.ExitStack() as stack:
        servers = []
        for number, feature in enumerate(features):
            place = directory / f"prometheus-{number}"
            place.mkdir()
            servers.append(stack.enter_context(Prometheus(place, {"services": daemon.scrape}, features=feature)))
        for _ in range(rounds):
            services.round(each)
            time.sleep(0.1)
        poll(lambda: own_metric(daemon, "otelcol_processor_tail_sampling_sampling_traces_on_memory") == 0)
        for server in servers:
            server.wait_for_scrapes(2)
        stored = [server.stored_exemplars(f"{SCRAPED}_bucket") for server in servers]
        assert [server.rejected_exemplars() for server in servers] == [0] * len(servers)
    daemon.stop()

    forwarded = {span.trace_id.hex() for span in otlp.spans(*backend.messages(accepted_only=True))}
    assert forwarded < set(services.durations)
    for exemplars in stored:
        assert exemplars
        for labels, exemplar in exemplars:
            assert exemplar["labels"]["trace_id"] in forwarded
            seconds = services.durations[exemplar["labels"]["trace_id"]]
            assert float(exemplar["value"]) == pytest.approx(seconds, abs=1e-6)
            upper = float(labels["le"])
            lower = max([bound for bound in BOUNDS if bound < upper], default=0)
            assert lower < float(exemplar["value"]) <= upper  # conformance 152
    return services, forwarded, [{bucket(labels) for labels, _ in exemplars} for exemplars in stored]


def test_every_bucket_above_the_median_leads_somewhere(start, backend, tmp_path):
    daemon = start(CONFIG % "promote: {budget_per_second: 100}")
    both = (FEATURES, (*FEATURES, "native-histograms"))
    services, forwarded, stored = prove(daemon, backend, tmp_path, rounds=30, each=40, features=both)
    wanted = {bucket for bucket, _ in services.upper_buckets()}
    assert len(wanted) >= 60
    for found in stored:
        missing = wanted - found
        assert len(missing) <= 0.05 * len(wanted), sorted(missing)
    # At most one trace for each bucket came on top of the 1 %.
    assert len(forwarded) < 0.02 * len(services.durations) + len(services.counts) * (len(BOUNDS) + 1)


def test_buckets_with_many_observations_lead_somewhere_without_promotion(start, backend, tmp_path):
    daemon = start(CONFIG % "unknown_traces: withhold")
    services, forwarded, (found,) = prove(daemon, backend, tmp_path, rounds=16, each=750)
    wanted = {bucket for bucket, count in services.upper_buckets() if count >= 500}
    assert len(wanted) >= 30
    missing = wanted - found
    assert len(missing) <= 0.05 * len(wanted), sorted(missing)
    assert len(forwarded) < 0.015 * len(services.durations)


def test_exemplars_of_spans_that_an_exporter_gave_up_are_withdrawn(start, backend):
    daemon = start(CONFIG.replace("sampling_percentage: 1}", "sampling_percentage: 100}") % "")
    is_refusing, goes_on = threading.Event(), threading.Event()
    backend.decide = lambda _: Answer(status=400, hold=goes_on) if is_refusing.is_set() else None
    services = Services(daemon, count=1)
    services.report()
    services.round(20)
    poll(lambda: scrape.exemplars(scrape.openmetrics(daemon.scrape)), what="exemplars")
    before = set(services.durations)
    is_refusing.set()

    # While the backend makes up its mind the kept traces may be shown; they are no longer once it has refused them.
    time.sleep(1)
    services.round(20)
    poll(lambda: shown(daemon) - before, what="newer exemplars")
    goes_on.set()
    poll(lambda: not shown(daemon) - before, what="the withdrawal")
    assert own_metric(daemon, "otelcol_processor_exemplars_withdrawn") > 0


def shown(daemon):
    """The trace ids on a scrape."""
    found = scrape.exemplars(scrape.openmetrics(daemon.scrape))
    return {exemplar.labels["trace_id"] for _, exemplar in found}


def test_counters_lead_to_kept_traces_too(start, backend):
    daemon = start(CONFIG.replace("sampling_percentage: 1}", "sampling_percentage: 50}") % COUNTER)
    services = Services(daemon, count=1)
    request = otlp.REQUESTS["metrics"]()
    group = request.resource_metrics.add()
    otlp.attribute(group.resource, "service.name", services.names[0])
    orders = group.scope_metrics.add().metrics.add(name="shop.orders").sum
    orders.is_monotonic, orders.aggregation_temporality = True, 2
    point = orders.data_points.add(start_time_unix_nano=services.start, time_unix_nano=time.time_ns(), as_int=40)
    otlp.attribute(point, "path", "/item")
    services.post("metrics", request)
    services.round(40)

    def found():
        families = scrape.openmetrics(daemon.scrape)
        return [exemplar for sample, exemplar in scrape.exemplars(families) if sample.name == "shop_orders_total"]

    (exemplar,) = poll(found, what="an exemplar")
    daemon.stop()
    spans = [span for span in otlp.spans(*backend.messages()) if span.trace_id.hex() == exemplar.labels["trace_id"]]
    assert exemplar.value == 1
    assert [pair.value.string_value for pair in spans[0].attributes if pair.key == "http.route"] == ["/item"]

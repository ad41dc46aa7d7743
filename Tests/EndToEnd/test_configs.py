"""The files in configs/ as they are, the built-in configuration and the demo: each runs, and takes traffic."""

import json
import re
import socket

import requests

import otlp
import scrape
from daemon import ROOT, poll
from shop import SCRAPED, Shop

CONFIGS = sorted(path.name for path in (ROOT / "configs").glob("*.yaml"))

# The same files on ports of the system's choice.
ELSEWHERE = {
    "receivers.otlp.protocols.grpc.endpoint": "127.0.0.1:0",
    "receivers.otlp.protocols.http.endpoint": "127.0.0.1:0",
    "service.telemetry.metrics.address": "127.0.0.1:0",
}


def settings(pairs):
    return [argument for key, value in pairs.items() for argument in ("--set", f"{key}={value}")]


def runs(name, start, backend, **more):
    """A daemon on one of the files."""
    text = (ROOT / "configs" / name).read_text()
    moved = dict(ELSEWHERE)
    for exporter, place in {"prometheus": "127.0.0.1:0", "health_check": "127.0.0.1:0"}.items():
        if re.search(rf"^  {exporter}:", text, re.MULTILINE):
            section = "extensions" if exporter == "health_check" else "exporters"
            moved[f"{section}.{exporter}.endpoint"] = place
    places = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": backend.http,
        "BACKEND": backend.grpc,
        "LOGS_BACKEND": backend.http,
    }
    return start(text, places, base=None, arguments=settings(moved | more))


def test_there_is_a_file_for_each_way_to_use_it():
    assert CONFIGS == [
        "dashboards.yaml", "exemplars-p99.yaml", "sampling.yaml", "scrape-endpoint.yaml", "sidecar-agent.yaml",
        "standalone.yaml"]


def test_sidecar_agent(start, backend):
    daemon = runs("sidecar-agent.yaml", start, backend)
    with otlp.Client(daemon.grpc) as client:
        for _ in range(20):
            client.export(otlp.traces(20))
        client.export(otlp.gauge(), "metrics")
        client.export(otlp.logs(3), "logs")
    backend.wait(1, "metrics")
    backend.wait(1, "logs")
    books = daemon.stop()
    # A quarter of 400 traces.
    forwarded = otlp.spans(*backend.messages())
    assert 50 < len(forwarded) < 160
    assert all("th:c" in span.trace_state for span in forwarded)
    assert books["exporter otlp_http", "traces"].forwarded == len(forwarded)


def test_standalone(start, backend):
    daemon = runs("standalone.yaml", start, backend, **{"processors.tail_sampling.decision_wait": "300ms"})
    shop = Shop(daemon)
    shop.round()
    with otlp.Client(daemon.grpc) as client:
        client.export(otlp.logs(2), "logs")
        client.export(otlp.traces(names=["failed"], status=2))
    poll(lambda: "failed" in otlp.names(*backend.messages()), what="a failed trace")
    backend.wait(1, "logs")
    assert SCRAPED in scrape.openmetrics(daemon.scrape)
    assert requests.get(daemon.health, timeout=5).ok


def test_sampling(start, backend):
    daemon = runs("sampling.yaml", start, backend, **{
        "processors.tail_sampling.decision_wait": "300ms",
        "processors.tail_sampling.decision_wait_after_root_received": "100ms"})
    with otlp.Client(daemon.grpc) as client:
        client.export(otlp.traces(names=["failed"], status=2))
        client.export(otlp.traces(names=["rare"]))
        client.export(otlp.traces(names=["probe"], attributes={"http.route": "/ready"}))
        client.export(otlp.traces(names=["failed probe"], attributes={"http.route": "/ready"}, status=2))
    daemon.stop()
    assert sorted(otlp.names(*backend.messages())) == ["failed", "failed probe", "rare"]


def test_dashboards(start, backend):
    often = {f"connectors.{name}.metrics_flush_interval": "200ms" for name in ("span_metrics", "service_graph")}
    daemon = runs("dashboards.yaml", start, backend, **{"processors.tail_sampling.decision_wait": "300ms"}, **often)
    shop = Shop(daemon)
    shop.round()

    def shown():
        shop.post("metrics", shop.histogram([]))
        families = scrape.openmetrics(daemon.scrape)
        led = {sample.name for sample, _ in scrape.exemplars(families)}
        counted = {"traces_span_metrics_calls", "traces_service_graph_request", SCRAPED} <= set(families)
        return counted and {"traces_span_metrics_duration_milliseconds_bucket", f"{SCRAPED}_bucket"} <= led

    poll(shown, seconds=20, what="metrics of spans, edges and exemplars", interval=0.2)


def test_scrape_endpoint(start, backend):
    daemon = runs("scrape-endpoint.yaml", start, backend)
    shop = Shop(daemon)
    shop.post("metrics", shop.histogram([]))
    with otlp.Client(daemon.grpc) as client:
        client.export(otlp.gauge("queue.length", 3), "metrics")
    (sample,) = scrape.openmetrics(daemon.scrape)["queue_length"].samples
    assert (sample.value, sample.labels["collector"]) == (3, "needletail")


def test_exemplars_p99(start, backend):
    daemon = runs("exemplars-p99.yaml", start, backend, **{"processors.tail_sampling.decision_wait": "300ms"})
    shop = Shop(daemon, routes=["/basket"])
    seen = set()

    def exemplars():
        shop.round()
        seen.update(exemplar.labels["trace_id"] for _, exemplar in scrape.exemplars(scrape.openmetrics(daemon.scrape)))
        return len(seen) >= 3

    poll(exemplars, seconds=30, what="exemplars", interval=0.1)
    daemon.stop()
    assert seen <= {span.trace_id.hex() for span in otlp.spans(*backend.messages())}


def test_the_built_in_configuration_keeps_errors_in_a_file(start):
    moved = ELSEWHERE | {
        "exporters.prometheus.endpoint": "127.0.0.1:0",
        "processors.tail_sampling.decision_wait": "200ms",
    }
    daemon = start(None, base=None, arguments=["run", *settings(moved)])
    Shop(daemon).round()
    assert SCRAPED in scrape.openmetrics(daemon.scrape)
    daemon.stop()
    lines = (daemon.directory / "needletail-traces.jsonl").read_text().splitlines()
    assert sum(line.count('"traceId"') for line in lines) >= 10  # Five failures of two spans each.


def test_every_exemplar_of_the_demo_is_in_its_file(start, backend):
    """`needletail demo`: within seconds the scrape shows exemplars, and each leads to a trace in the file."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    moved = ELSEWHERE | {
        "receivers.otlp.protocols.http.endpoint": address,
        "exporters.prometheus.endpoint": "127.0.0.1:0",
    }
    arguments = ["demo", "--endpoint", f"http://{address}", *settings(moved)]
    places = {"OTEL_EXPORTER_OTLP_ENDPOINT": backend.http}
    daemon = start(None, places, base=None, arguments=arguments, ready=False)
    daemon.wait_for_log("the shop is open")
    found = poll(lambda: scrape.exemplars(scrape.openmetrics(daemon.scrape)), seconds=20, what="exemplars", interval=0.2)
    daemon.stop()
    kept = {
        span["traceId"]
        for line in (daemon.directory / "needletail-traces.jsonl").read_text().splitlines()
        for group in json.loads(line)["resourceSpans"]
        for scope in group["scopeSpans"]
        for span in scope["spans"]
    }
    assert {exemplar.labels["trace_id"] for _, exemplar in found} <= kept
    assert kept == {span.trace_id.hex() for span in otlp.spans(*backend.messages())}

"""Dashboards ask for what the collector really shows: every query of every panel has an answer while the demo runs."""

import json
import time
import urllib.request

import pytest

from backend import Backend
from dashboard import PATHS, Dashboard
from demo import start_demo, watch
from promql import selectors, series
from rules import RULES, recorded

OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}
# Of the scrape itself, by Prometheus.
OF_PROMETHEUS = dict.fromkeys(("up", "scrape_duration_seconds", "scrape_samples_scraped"), {"job", "instance"})
INTERVAL = "500ms"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A running demo and its Prometheus."""
    directory = tmp_path_factory.mktemp("demo")
    with Backend() as backend:
        daemon = start_demo(directory / "demo", backend, **{"processors.tail_sampling.decision_wait": "500ms"})
        try:
            with watch(daemon, directory, INTERVAL) as prometheus:
                prometheus.wait_for_scrapes(2)
                yield daemon, prometheus
            daemon.stop()
        finally:
            daemon.destroy()


def scraped(daemon):
    """The labels of all metrics that its two endpoints show, and of what Prometheus adds."""
    shown = {}
    for url, headers in ((daemon.scrape, OPENMETRICS), (daemon.own_metrics, {})):
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            for name, labels in series(answer.read().decode()).items():
                shown.setdefault(name, {"job", "instance"}).update(labels)
    return OF_PROMETHEUS | shown


def missing(expressions, shown, made):
    """What expressions ask for and nobody shows; `made` are metrics of recording rules."""
    return [
        f"{whose}: {name}{sorted(labels - shown.get(name, set()))}"
        for whose, text in expressions for name, labels in selectors(text)
        if name not in made and (name not in shown or not labels <= shown[name])
    ]


def wait_until_empty(problems, seconds=25):
    """Until there are no problems any more; those that stay are told."""
    deadline = time.monotonic() + seconds
    while found := problems():
        assert time.monotonic() < deadline, found
        time.sleep(0.3)


def test_selectors_are_found_in_expressions():
    text = 'sum by (le, job) (topk(3, rate(a_bucket{job=~"$x",route!="{,}"}[$__interval])))/scalar(b) > on (c) group_left () 1'
    assert dict(selectors(text)) == {"a_bucket": {"le", "job", "route", "c"}, "b": {"le", "job", "c"}}
    assert list(selectors('sum by (id) (label_replace(a{b="1"}, "id", "$1", "b", "(.*)"))')) == [("a", {"b"})]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_every_metric_and_label_of_a_dashboard_is_in_the_demo(path, demo):
    daemon, _ = demo
    expressions = list(Dashboard(path).expressions)
    assert len(expressions) > 10
    wait_until_empty(lambda: missing(expressions, scraped(daemon), recorded()))


def test_every_metric_and_label_of_a_rule_is_in_the_demo(demo):
    daemon, _ = demo
    expressions = [(rule.get("alert") or rule["record"], rule["expr"]) for rule in RULES]
    # The demo exports no metrics by OTLP; those of the other signals stand for them.
    shown = scraped(daemon)
    shown["otelcol_exporter_enqueue_failed_metric_points"] = shown["otelcol_exporter_enqueue_failed_log_records"]
    assert not missing(expressions, shown, recorded())


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_every_query_of_a_dashboard_has_an_answer(path, demo):
    _, prometheus = demo
    dashboard = Dashboard(path)

    def without_data():
        try:
            dashboard.choose(prometheus, "15s")
        except LookupError as error:
            return [error]
        return [
            f"{panel['title']} {target['refId']}"
            for panel in dashboard.panels for target in panel["targets"]
            if not prometheus.api("query", query=dashboard.filled(target["expr"]))["result"]
        ]

    wait_until_empty(without_data)


def test_exemplars_come_with_the_queries_that_ask_for_them(demo):
    _, prometheus = demo
    for path in PATHS:
        dashboard = Dashboard(path)
        dashboard.choose(prometheus, "15s")
        for panel in dashboard.panels:
            for target in panel["targets"]:
                if target.get("exemplar"):
                    assert prometheus.exemplars(dashboard.filled(target["expr"])), f"{path.name}: {panel['title']}"


def test_prometheus_takes_all_scrapes_and_rules(demo):
    _, prometheus = demo
    targets = prometheus.api("targets")["activeTargets"]
    assert {target["labels"]["job"]: target["lastError"] for target in targets} == {"applications": "", "needletail": ""}
    groups = prometheus.api("rules")["groups"]
    assert [rule for group in groups for rule in group["rules"] if rule["health"] != "ok"] == []


def test_recorded_series_have_values(demo):
    _, prometheus = demo
    found = json.dumps(prometheus.api("label/__name__/values"))
    assert [name for name in recorded() if name not in found] == []

"""Dashboards ask for what the collector really shows: every metric and label of theirs is in the demo's scrape."""

import json
import re
import socket
import urllib.request

import pytest

from daemon import ROOT, poll

DASHBOARDS = sorted((ROOT / "dashboards").glob("*.json"))
WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "offset", "bool", "and", "or", "unless"}
OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def scrape(url, headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
        return answer.read().decode()


def series(text):
    """The labels that each sample name of a scrape occurs with, in all its series together."""
    found = {}
    for line in text.splitlines():
        if match := re.match(r"([a-zA-Z_:][\w:]*)(?:\{(.*?)\})? \S", line):
            found.setdefault(match[1], set()).update(re.findall(r'([a-zA-Z_]\w*)="', match[2] or ""))
    return found


def selectors(expression):
    """The metrics of a PromQL expression with the labels it asks them for; those of `by (…)` count for all of them."""
    expression = re.sub(r'"[^"]*"', '""', expression)
    expression = re.sub(r"\[[^\]]*\]", "", expression)
    groupings = re.findall(r"\b(?:by|on) \(([^)]*)\)", expression)
    grouped = {label for labels in groupings for label in re.findall(r"\w+", labels)}
    expression = re.sub(r"\b(?:by|on|without|ignoring) \([^)]*\)", "", expression)
    # A name that no parenthesis follows; that would be a function.
    metric = r"(?<![\w.])([a-zA-Z_:][\w:]*)(?![\w:]|\s*\()(?:\{([^}]*)\})?"
    for name, matchers in re.findall(metric, expression):
        if name not in WORDS:
            yield name, grouped | set(re.findall(r"(\w+)\s*[=!]", matchers))


def expressions(dashboard):
    """All PromQL of a dashboard: its panels' and its variables'."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for variable in dashboard["templating"]["list"]:
        if match := re.fullmatch(r"label_values\((.*), (\w+)\)", variable.get("definition", "")):
            yield variable["name"], f"sum by ({match[2]}) ({match[1]})"


@pytest.fixture
def demo(start, backend):
    """A running demo: all that its two endpoints show, once the shop has exemplars and kept traces were forwarded."""
    http, metrics = free_port(), free_port()
    settings = {
        "receivers.otlp.protocols.http.endpoint": f"127.0.0.1:{http}",
        "receivers.otlp.protocols.grpc.endpoint": "127.0.0.1:0",
        "processors.tail_sampling.decision_wait": "500ms",
        "exporters.prometheus.endpoint": f"127.0.0.1:{metrics}",
        "service.telemetry.metrics.address": "127.0.0.1:0",
    }
    arguments = ["demo", "--endpoint", f"http://127.0.0.1:{http}"]
    for key, value in settings.items():
        arguments += ["--set", f"{key}={value}"]
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": backend.http}
    daemon = start(base="", env=environment, arguments=arguments, ready=False)
    daemon.wait_for_log("the shop is open")
    shown = poll(
        lambda: (text := scrape(f"http://127.0.0.1:{metrics}/metrics", OPENMETRICS)) and "trace_id" in text and text,
        seconds=30, what="an exemplar")
    backend.wait(1)
    return series(shown) | series(scrape(daemon.own_metrics, {}))


def test_selectors_are_found_in_expressions():
    text = 'sum by (le, job) (topk(3, rate(a_bucket{job=~"$x",route!="{,}"}[$__interval])))/scalar(b) > 0.5'
    assert dict(selectors(text)) == {"a_bucket": {"le", "job", "route"}, "b": {"le", "job"}}


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_every_metric_and_label_of_a_dashboard_is_in_the_demo(path, demo):
    texts = expressions(json.loads(path.read_text()))
    asked = [(title, *selector) for title, text in texts for selector in selectors(text)]
    assert len(asked) > 10
    missing = [
        f"{title}: {name}{sorted(labels - demo.get(name, set()))}"
        for title, name, labels in asked if name not in demo or not labels <= demo[name]
    ]
    assert not missing


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_a_dashboard_can_be_imported(path):
    dashboard = json.loads(path.read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids), "panels' ids must be unique"
    assert dashboard["uid"] and dashboard["title"] and dashboard["schemaVersion"] >= 39
    assert dashboard["id"] is None, "Grafana gives the id"
    sources = {json.dumps(panel["datasource"]) for panel in dashboard["panels"] if panel["type"] != "row"}
    assert sources == {'{"type": "prometheus", "uid": "${datasource}"}'}, "panels take the variable's data source"


def test_the_percentile_shows_exemplars():
    panels = json.loads((ROOT / "dashboards" / "needletail-red.json").read_text())["panels"]
    percentiles = [panel for panel in panels if "exemplars" in panel["title"]]
    assert percentiles and all(target["exemplar"] for panel in percentiles for target in panel["targets"])
    assert all("exemplarTraceIdDestinations" in panel["description"] for panel in percentiles)

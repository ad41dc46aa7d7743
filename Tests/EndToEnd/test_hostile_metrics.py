"""Whatever names, labels, exemplars and values arrive, real Prometheus servers take every scrape."""

import collections
import math
import re
import subprocess

import pytest
import requests

import otlp
from daemon import poll
from hostile_metrics import HostileMetrics, many_labels
from prometheus import Prometheus

STRATEGIES = [
    "UnderscoreEscapingWithSuffixes",
    "UnderscoreEscapingWithoutSuffixes",
    "NoUTF8EscapingWithSuffixes",
    "NoTranslation",
]
SCRAPES = "min(count_over_time(up[10m]))"
NATIVE = ("exemplar-storage", "native-histograms")


def exporters():
    """For each strategy one endpoint that offers OpenMetrics and one that does not."""
    for strategy in STRATEGIES:
        for offers in ("true", "false"):
            # Created timestamps are lines of their own in OpenMetrics.
            settings = f"enable_open_metrics: {offers}, created_timestamps: {offers}, report_omissions: true"
            yield (
                f"prometheus/{strategy}-{offers}",
                f'{{endpoint: "127.0.0.1:0", translation_strategy: {strategy}, {settings}}}',
            )


CONFIG = (
    "exporters:\n"
    + "".join(f"  {name}: {settings}\n" for name, settings in exporters())
    + f"service: {{pipelines: {{metrics: {{exporters: [{', '.join(name for name, _ in exporters())}]}}}}}}"
)


def targets(daemon):
    """The endpoints' URLs by name; the scraper's job names have no spaces to collide with."""
    ports = {}
    for name, _ in exporters():
        ports[name] = daemon.wait_for_log(name + r"\tscrape endpoint on 127\.0\.0\.1:(\d+)").group(1)
    return {name: f"http://127.0.0.1:{port}/metrics" for name, port in ports.items()}


def assert_all_up(watched):
    """Every scrape of every target so far went well, and what is good was seen in all; `watched`: servers, targets."""
    for server, urls in watched:
        poll(lambda: server.query("count(up)") == len(urls), what="the first scrapes")
    enough = [server.query(SCRAPES) + 1 for server, _ in watched]
    poll(lambda: all(server.query(SCRAPES) >= count for (server, _), count in zip(watched, enough)), what="scrapes")
    for server, urls in watched:
        active = server.api("targets")["activeTargets"]
        assert {target["labels"]["job"]: target["lastError"] for target in active} == dict.fromkeys(urls, "")
        assert server.query("min(min_over_time(up[1h]))") == 1
        assert server.query("count(good)") == len(urls)


def test_prometheus_takes_every_scrape_of_hostile_metrics(start, tmp_path):
    daemon = start(CONFIG)
    urls = targets(daemon)
    native = {name: url for name, url in urls.items() if "-true" in name}
    for directory in (tmp_path / "text", tmp_path / "native"):
        directory.mkdir()
    otlp.send(daemon, otlp.gauge("good", 1), "metrics")
    send_hostile(daemon, seed=1)
    for name in native:
        lint(urls[name])
    otlp.send(daemon, many_labels(), "metrics")
    with (
        # OpenMetrics where it is offered, else text 0.0.4; protobuf.
        Prometheus(tmp_path / "text", urls, interval="2s") as text_server,
        Prometheus(tmp_path / "native", native, interval="2s", features=NATIVE) as native_server,
    ):
        watched = [(text_server, urls), (native_server, native)]
        assert_all_up(watched)
        send_hostile(daemon, seed=2)
        assert_all_up(watched)
        for server, _ in watched:
            own = requests.get(f"{server.url}/metrics", timeout=10).text
            assert "prometheus_target_scrapes_sample_duplicate_timestamp_total 0\n" in own


def send_hostile(daemon, seed):
    metrics = HostileMetrics(seed)
    for _ in range(6):
        otlp.send(daemon, metrics.request(), "metrics")


def lint(url):
    """promtool takes the text."""
    text = requests.get(url, timeout=30).content
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=30)
    assert done.returncode in (0, 3), done.stderr  # 3: style


DROPPED = ["type_conflict", "name_conflict", "invalid_name", "invalid_point", "too_many_buckets", "memory_limit"]


@pytest.mark.parametrize("seed", [3, 4])
def test_what_a_scrape_lacks_is_counted_on_it(start, seed):
    daemon = start(CONFIG)
    metrics = HostileMetrics(seed)
    requests_sent = [metrics.request() for _ in range(6)]
    points = number_points(requests_sent)
    for request in requests_sent:
        otlp.send(daemon, request, "metrics")
    compared = 0
    for name, url in targets(daemon).items():
        is_openmetrics = name.endswith("-true")
        text = requests.get(url, headers={"Accept": "application/openmetrics-text"}, timeout=30).text
        assert text.endswith("# EOF\n") == is_openmetrics
        shown = {int(number) for number in re.findall(r'point_number="(\d+)"', text)}
        counted = collections.Counter(
            {reason: int(count) for reason, count in re.findall(r'_omissions_total\{reason="(\w+)"\} (\d+)', text)}
        )
        missing = points.keys() - shown
        assert len(missing) == sum(counted[reason] for reason in DROPPED) + counted["hidden_series"], (name, counted)
        assert missing and len(shown) > len(points) / 3, "this proves nothing"
        # Of the points that are taken, what they lose.
        if not counted["hidden_series"]:
            compared += 1
            expected = sum((losses(*points[number], is_openmetrics) for number in shown), collections.Counter())
            for kind in ("exemplar_value", "exemplar_type", "histogram_sum", "hidden_sample"):
                assert counted[kind] == expected[kind], (name, kind)
    assert compared, "no endpoint shows all that it has taken"


def number_points(requests_sent):
    """Makes every point a series of its own; (metric, kind, point) by number."""
    points = {}
    for request in requests_sent:
        scopes = [scope for resource in request.resource_metrics for scope in resource.scope_metrics]
        for metric in [metric for scope in scopes for metric in scope.metrics]:
            kind = metric.WhichOneof("data")
            for point in getattr(metric, kind).data_points:
                otlp.attribute(point, "point_number", f"{len(points)}")
                points[len(points)] = metric, kind, point
    return points


def losses(metric, kind, point, is_openmetrics):
    """What cannot be shown of a point that is shown, by kind of conflict."""
    lost = collections.Counter()
    data = getattr(metric, kind)
    if kind == "gauge" or kind == "sum" and not data.is_monotonic:
        lost["exemplar_type"] += len(point.exemplars)
    elif kind != "summary":
        lost["exemplar_value"] += sum(math.isnan(exemplar.as_double) for exemplar in point.exemplars)
    hidden = 0
    if kind == "summary":
        hidden = sum(entry.value < 0 for entry in point.quantile_values) + (not point.sum >= 0)
    elif kind in ("histogram", "exponential_histogram"):
        bounds = point.explicit_bounds if kind == "histogram" else []
        if data.aggregation_temporality == 1 and not math.isfinite(point.sum):
            lost["histogram_sum"] += 1
        elif not point.sum >= 0 or any(bound < 0 for bound in bounds):
            hidden = 2
    lost["hidden_sample"] += hidden * is_openmetrics
    return lost

"""Whatever names, labels, exemplars and values arrive, real Prometheus servers take every scrape."""

import subprocess

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


def send(daemon, message):
    answer = requests.post(
        f"{daemon.http}/v1/metrics",
        data=message.SerializeToString(),
        headers={"Content-Type": "application/x-protobuf"},
        timeout=30,
    )
    assert answer.status_code == 200


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
    send(daemon, otlp.gauge("good", 1))
    send_hostile(daemon, seed=1)
    for name in native:
        check(urls[name])
    send(daemon, many_labels())
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
        send(daemon, metrics.request())


def check(url):
    """promtool takes the text, and what is missing in it is counted there."""
    text = requests.get(url, timeout=30).content
    assert b"needletail_scrape_omissions_total" in text
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=30)
    assert done.returncode in (0, 3), done.stderr  # 3: style

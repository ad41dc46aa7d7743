"""`needletail demo` between a backend and a Prometheus that runs on dashboards/prometheus.yaml: what dashboards show."""

import socket

import yaml

from daemon import ROOT, Needletail
from prometheus import Prometheus

DASHBOARDS = ROOT / "dashboards"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def start_demo(directory, backend, **settings):
    """A running demo on ports of the system's choice that forwards kept traces to `backend`."""
    address = f"127.0.0.1:{free_port()}"
    settings = {
        "receivers.otlp.protocols.http.endpoint": address,
        "receivers.otlp.protocols.grpc.endpoint": "127.0.0.1:0",
        "exporters.prometheus.endpoint": "127.0.0.1:0",
        "service.telemetry.metrics.address": "127.0.0.1:0",
    } | settings
    arguments = ["demo", "--endpoint", f"http://{address}"]
    for key, value in settings.items():
        arguments += ["--set", f"{key}={value}"]
    places = {"OTEL_EXPORTER_OTLP_ENDPOINT": backend.http}
    daemon = Needletail(directory, None, places, arguments, base=None)
    daemon.wait_for_log("the shop is open")
    return daemon


def watch(daemon, directory, interval):
    """A Prometheus on dashboards/prometheus.yaml for this daemon, scraping and evaluating every `interval`."""
    config = yaml.safe_load((DASHBOARDS / "prometheus.yaml").read_text())
    config["global"] = dict.fromkeys(("scrape_interval", "scrape_timeout", "evaluation_interval"), interval)
    places = {"applications": daemon.scrape, "needletail": daemon.own_metrics}
    for job in config["scrape_configs"]:
        job["static_configs"] = [{"targets": [places[job["job_name"]].split("/")[2]]}]
    rules = []
    for name in config["rule_files"]:
        groups = yaml.safe_load((DASHBOARDS / name).read_text())
        for group in groups["groups"]:
            group["interval"] = interval
        rules.append(directory / name.replace("/", "-"))
        rules[-1].write_text(yaml.safe_dump(groups))
    config["rule_files"] = [str(path) for path in rules]
    return Prometheus(directory, config=config)

"""README's chapters on metrics and exemplars run as written: the request is shown as they say, the program gets its exemplar."""

import os
import re
import subprocess
import sys

import requests

import scrape
from daemon import ROOT, poll

README = (ROOT / "README.md").read_text()
HOSTS = ("service.telemetry.metrics.address", "receivers.otlp.protocols.grpc.endpoint",
         "receivers.otlp.protocols.http.endpoint", "exporters.prometheus.endpoint")
ANY_PORTS = [argument for host in HOSTS for argument in ("--set", f"{host}=127.0.0.1:0")]


def block(kind):
    (text,) = re.findall(rf"^```{kind}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return text


def test_the_request_is_shown_as_written(start):
    daemon = start((ROOT / "configs" / "scrape-endpoint.yaml").read_text(), base="", arguments=ANY_PORTS)
    # Sent again, the points say nothing new.
    for _ in range(2):
        requests.post(
            f"{daemon.http}/v1/metrics", data=block("json points"), headers={"Content-Type": "application/json"},
            timeout=10,
        ).raise_for_status()
        assert requests.get(daemon.scrape, timeout=10).text == block("text shown")


def test_the_program_gets_an_exemplar_that_leads_to_a_kept_trace(start, tmp_path):
    daemon = start(base="", arguments=[*ANY_PORTS, "--set", f"exporters.file.path={tmp_path}/kept.jsonl"])
    program = tmp_path / "program.py"
    program.write_text(block("python"))
    subprocess.run(
        [sys.executable, program], timeout=60, check=True,
        env={**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": daemon.http})

    def found():
        return [
            exemplar for sample, exemplar in scrape.exemplars(scrape.openmetrics(daemon.scrape))
            if sample.labels.get("le") == "1.0"
        ]

    (exemplar,) = poll(found, what="the exemplar")
    assert 0.7 <= exemplar.value < 1
    assert exemplar.labels["trace_id"] in (tmp_path / "kept.jsonl").read_text()

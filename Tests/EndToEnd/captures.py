"""Captures for `needletail simulate`, and the command itself."""

import json
import random
import subprocess

import otlp
from daemon import binary, environment

SAMPLING = """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
processors:
  batch: {}
  tail_sampling:
    decision_wait: 2s
    policies: [%s]
exporters: {nop: {}}
service: {pipelines: {traces: {receivers: [otlp], processors: [tail_sampling, batch], exporters: [nop]}}}
"""
ERRORS = "{name: errors, type: status_code, status_code: {status_codes: [ERROR]}}"
SLOW = "{name: slow, type: latency, latency: {threshold_ms: 500}}"
PERCENT = "{name: some, type: probabilistic, probabilistic: {sampling_percentage: 30}}"
TRACES = 200


def simulate(*arguments, directory, stdin=None):
    """Runs `needletail simulate` to its end."""
    return subprocess.run(
        [str(binary()), "simulate", *map(str, arguments)],
        env=environment(),
        cwd=directory,
        capture_output=True,
        input=stdin,
        text=True,
        timeout=60,
    )


def shop(seed=7):
    """Requests with `TRACES` traces of three spans in two services, and which of the traces fail or are slow."""
    dice = random.Random(seed)
    failed, slow, messages = set(), set(), []
    for number in range(TRACES):
        trace = dice.randbytes(16)
        is_failed, is_slow = dice.random() < 0.1, dice.random() < 0.1
        failed |= {trace.hex()} if is_failed else set()
        slow |= {trace.hex()} if is_slow else set()
        for service, count in (("shop", 1), ("bank", 2)):
            messages.append(
                otlp.traces(
                    count,
                    service=service,
                    trace_ids=[trace] * count,
                    duration=900_000_000 if is_slow else 20_000_000,
                    status=2 if is_failed and service == "bank" else 0,
                )
            )
    return messages, failed, slow


def trace_ids(path):
    """The traces in a file of OTLP/JSON lines."""
    return {
        span["traceId"]
        for line in path.read_text().splitlines()
        for group in json.loads(line).get("resourceSpans", [])
        for scope in group["scopeSpans"]
        for span in scope["spans"]
    }

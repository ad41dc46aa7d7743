"""Decisions of a running daemon's samplers: asked for by HTTP and by `needletail explain`."""

import subprocess

import requests

from daemon import binary, environment, poll

POLICIES = """
      - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
      - {name: slow, type: latency, latency: {threshold_ms: 500}}
      - {name: never, type: probabilistic, probabilistic: {sampling_percentage: 0}}
"""
TAIL = f"""
processors:
  tail_sampling:
    decision_wait: 200ms
    policies: {POLICIES}
service: {{pipelines: {{traces: {{processors: [tail_sampling]}}}}}}
"""
PASSING_ON = "service: {pipelines: {traces: {processors: []}}}"
UNKNOWN = "ab" * 16


def trace_id(number):
    return number.to_bytes(16, "big")


def telemetry(daemon):
    return daemon.own_metrics.removesuffix("/metrics")


def ask(daemon, rest="", **parameters):
    return requests.get(f"{telemetry(daemon)}/debug/decisions{rest}", params=parameters, timeout=10)


def listed(daemon, **parameters):
    answer = ask(daemon, **parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()["decisions"]


def decisions_of(daemon, trace, count=1):
    """What is remembered about a trace, once `count` samplers have decided."""

    def found():
        answer = ask(daemon, f"/{trace.hex()}")
        decisions = answer.json()["decisions"] if answer.status_code == 200 else []
        return decisions if len(decisions) >= count else None

    return poll(found, what=f"the decision about {trace.hex()}")


def explain(*arguments):
    return subprocess.run(
        [str(binary()), "explain", *map(str, arguments)],
        env=environment(),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=30,
    )

"""`needletail explain`, asked about a running daemon."""

import re
import socket

import pytest
import requests

import otlp
from decisions import PASSING_ON, TAIL, UNKNOWN, ask, decisions_of, explain, telemetry, trace_id


def test_the_command_shows_the_page_for_people_or_programs(start):
    daemon = start(TAIL)
    trace = trace_id(0xC0FFEE)
    otlp.send(daemon, otlp.traces(trace_ids=[trace], duration=412_000_000, service="checkout"))
    decisions_of(daemon, trace)
    shown = explain(trace.hex().upper(), "--endpoint", telemetry(daemon))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert re.match(
        rf"trace {trace.hex()}  dropped by tail_sampling at \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z\n", shown.stdout
    )
    for part in ("trigger timeout", "spans 1", "duration 412 ms", "service checkout"):
        assert part in shown.stdout
    assert re.search(r"^  errors +not sampled ", shown.stdout, re.MULTILINE)
    assert re.search(r"^  slow +not sampled .*412 ms.*500 ms", shown.stdout, re.MULTILINE)
    # The page says the same, by header and by parameter.
    page = f"{telemetry(daemon)}/debug/decisions/{trace.hex()}"
    assert requests.get(page, headers={"Accept": "text/plain"}, timeout=10).text == shown.stdout
    assert requests.get(page, params={"format": "text"}, timeout=10).text == shown.stdout
    as_json = explain(trace.hex(), "--json", "--endpoint", telemetry(daemon))
    assert as_json.returncode == 0 and as_json.stdout == requests.get(page, timeout=10).text


def test_a_trace_that_still_waits_is_not_known_yet(start):
    daemon = start(TAIL.replace("200ms", "1h"))
    otlp.send(daemon, otlp.traces(trace_ids=[trace_id(1)]))
    answer = ask(daemon, f"/{trace_id(1).hex()}")
    assert answer.status_code == 404
    assert any("still waits" in cause for cause in answer.json()["possible_causes"])


def test_an_unknown_trace_is_an_error_that_says_why_it_may_be(start):
    daemon = start(PASSING_ON)
    answer = ask(daemon, f"/{UNKNOWN}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/json")
    assert answer.json()["trace_id"] == UNKNOWN
    (cause,) = answer.json()["possible_causes"]
    assert "tail_sampling" in cause
    shown = explain(UNKNOWN, "--endpoint", telemetry(daemon))
    assert (shown.returncode, shown.stdout) == (1, "")
    for part in (telemetry(daemon), UNKNOWN, "not known here", cause, "--endpoint"):
        assert part in shown.stderr
    assert explain("--endpoint", telemetry(daemon)).stdout == f"no decisions: {cause}\n"


def test_a_collector_that_cannot_be_asked_is_an_error_that_says_what_to_do(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = f"http://127.0.0.1:{taken.getsockname()[1]}"
    shown = explain(UNKNOWN, "--endpoint", free)
    assert (shown.returncode, shown.stdout) == (1, "")
    for part in (free, "connection refused", "service.telemetry.metrics.address", "level: none", "--endpoint"):
        assert part in shown.stderr


def test_another_server_is_no_collector(start, backend):
    daemon = start("exporters: {prometheus: {endpoint: '127.0.0.1:0'}}\n"
                   "service: {pipelines: {metrics: {exporters: [prometheus]}}}")
    shown = explain("--endpoint", daemon.scrape.removesuffix("/metrics"))
    assert shown.returncode == 1 and "404" in shown.stderr and "--endpoint" in shown.stderr


@pytest.mark.parametrize(
    "arguments, hint",
    [
        (["xyz"], "32 hexadecimal digits"),
        ([UNKNOWN, "--policy", "slow"], "--policy cannot go with a trace id"),
        (["--limit", "many"], "limit"),
    ],
)
def test_wrong_usage_is_told_before_anybody_is_asked(arguments, hint):
    shown = explain(*arguments, "--endpoint", "http://127.0.0.1:1")
    assert shown.returncode == 64 and hint in shown.stderr and "Usage: needletail explain" in shown.stderr


@pytest.mark.parametrize("endpoint", ["ftp://localhost:8888", "http://", "http://local host", "localhost:88888"])
def test_a_wrong_endpoint_is_told_with_what_would_be_right(endpoint):
    shown = explain(UNKNOWN, "--endpoint", endpoint)
    assert shown.returncode == 1
    assert endpoint in shown.stderr and "http://localhost:8888" in shown.stderr

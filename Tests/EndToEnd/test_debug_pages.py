"""The pages below /debug: which decisions they list, and what they answer to requests that are wrong."""

import pytest
import requests

import otlp
from daemon import poll
from decisions import PASSING_ON, TAIL, ask, decisions_of, explain, listed, telemetry, trace_id


def test_the_latest_decisions_are_listed_and_filtered(start):
    daemon = start(TAIL)
    for number in range(1, 7):
        otlp.send(
            daemon,
            otlp.traces(
                trace_ids=[trace_id(number)],
                status=2 if number % 2 else 0,
                service="café & bar" if number < 4 else "shop",
            ),
        )
    poll(lambda: len(listed(daemon)) == 6, what="six decisions")
    everything = listed(daemon)
    assert [one["time"] for one in everything] == sorted((one["time"] for one in everything), reverse=True)

    def numbers(**parameters):
        return sorted(int(one["trace_id"], 16) for one in listed(daemon, **parameters))

    assert numbers(decision="kept") == numbers(decision="sampled") == numbers(policy="errors") == [1, 3, 5]
    assert numbers(decision="dropped") == numbers(decision="not_sampled") == [2, 4, 6]
    assert numbers(service="café & bar") == [1, 2, 3]
    assert numbers(service="shop", decision="kept") == [5]
    assert numbers(policy="slow") == []
    assert listed(daemon, limit=2) == everything[:2]

    shown = explain("--service", "café & bar", "--decision", "dropped", "--endpoint", telemetry(daemon))
    assert shown.returncode == 0
    title, *lines = shown.stdout.splitlines()
    assert title.startswith("TIME") and title.endswith("SERVICE")
    (line,) = lines
    assert trace_id(2).hex() in line and line.endswith("café & bar")
    assert len(explain("--limit", 4, "--endpoint", telemetry(daemon)).stdout.splitlines()) == 5


def test_hostile_names_stay_inside_their_strings_and_lines(start):
    daemon = start(TAIL)
    service = 'a"},{\\\n\x1b[2J\u202e é'
    otlp.send(daemon, otlp.traces(trace_ids=[trace_id(1)], service=service))
    (decision,) = decisions_of(daemon, trace_id(1))
    assert decision["service"] == service
    assert [one["trace_id"] for one in listed(daemon, service=service)] == [trace_id(1).hex()]
    shown = explain("--endpoint", telemetry(daemon)).stdout + explain(
        trace_id(1).hex(), "--endpoint", telemetry(daemon)
    ).stdout
    assert shown.count(r'a"},{\\n\u{1b}[2J\u{202e} é') == 2
    assert not {character for character in shown if character != "\n" and not character.isprintable()}


def test_traces_are_listed_by_what_policies_voted_for(start):
    daemon = start("""
processors:
  tail_sampling:
    decision_wait: 100ms
    policies:
      - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
      - {name: slow, type: latency, latency: {threshold_ms: 500}}
      - {name: tried, type: latency, shadow: true, latency: {threshold_ms: 300}}
      - {name: probes, type: drop, drop: {drop_sub_policy: [
          {name: route, type: string_attribute, string_attribute: {key: http.route, values: [/health]}}]}}
service: {pipelines: {traces: {processors: [tail_sampling]}}}
""")
    otlp.send(daemon, otlp.traces(trace_ids=[trace_id(1)], status=2, duration=700_000_000))
    otlp.send(daemon, otlp.traces(trace_ids=[trace_id(2)], duration=700_000_000))
    otlp.send(daemon, otlp.traces(trace_ids=[trace_id(3)], duration=400_000_000))
    otlp.send(daemon, otlp.traces(trace_ids=[trace_id(4)], status=2, attributes={"http.route": "/health"}))
    poll(lambda: len(listed(daemon)) == 4, what="four decisions")

    def numbers(**parameters):
        return sorted(int(one["trace_id"], 16) for one in listed(daemon, **parameters))

    # `policy` is who decided, `voted` whoever would have it so: a dropped trace's other policies were not asked.
    assert (numbers(policy="errors"), numbers(policy="slow"), numbers(policy="probes")) == ([1], [2], [4])
    assert (numbers(voted="errors"), numbers(voted="slow"), numbers(voted="probes")) == ([1], [1, 2], [4])
    # A shadow decides nothing: it is asked for by its votes, either way.
    assert numbers(policy="tried") == numbers(voted="tried") == [1, 2, 3]
    assert numbers(policy="tried", decision="dropped") == [3]
    assert numbers(policy="errors", voted="slow") == [1]
    unknown = ask(daemon, voted="nobody")
    assert unknown.status_code == 404 and "known here: (promoted for an exemplar), errors, " in unknown.json()["error"]
    refused = explain("--policy", "sloow", "--endpoint", telemetry(daemon))
    assert refused.returncode == 1 and "did you mean `slow`?" in refused.stderr
    shown = explain("--voted", "tried", "--decision", "dropped", "--endpoint", telemetry(daemon))
    assert trace_id(3).hex() in shown.stdout and len(shown.stdout.splitlines()) == 2


@pytest.mark.parametrize(
    "rest, hint",
    [
        ("/xyz", "32 hexadecimal digits"),
        ("/" + "0" * 31, "32 hexadecimal digits"),
        ("?polcy=slow", "did you mean `policy`"),
        ("?decision=maybe", "`kept` or `dropped`"),
        ("?limit=1001", "from 1 to 1000"),
        ("?service=%e9", "UTF-8"),
        ("?format=yaml", "`json` or `text`"),
    ],
)
def test_a_wrong_request_is_told_what_would_be_right(start, rest, hint):
    daemon = start(PASSING_ON)
    answer = ask(daemon, rest)
    assert answer.status_code == 400
    assert hint in answer.json()["error"]


def test_other_methods_and_paths_are_told_what_there_is(start):
    daemon = start(PASSING_ON)
    index = requests.get(f"{telemetry(daemon)}/debug", timeout=10)
    assert index.status_code == 200
    paths = [line.split()[0] for line in index.text.splitlines()]
    assert paths == ["/debug", "/debug/decisions", "/debug/decisions/TRACE_ID", "/metrics"]
    nowhere = requests.get(f"{telemetry(daemon)}/nowhere", timeout=10)
    assert nowhere.status_code == 404 and all(path in nowhere.text for path in paths)
    posted = requests.post(f"{telemetry(daemon)}/debug/decisions", timeout=10)
    assert (posted.status_code, posted.headers["Allow"]) == (405, "GET, HEAD")

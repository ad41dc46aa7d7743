"""Why a trace was kept or dropped: the pages below /debug and `needletail explain`, asked of a running daemon."""

import datetime
import re
import socket
import subprocess

import pytest
import requests

import otlp
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


def send(daemon, message):
    answer = requests.post(
        f"{daemon.http}/v1/traces",
        data=message.SerializeToString(),
        headers={"Content-Type": "application/x-protobuf"},
        timeout=20,
    )
    assert answer.status_code == 200, answer.content


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


# --- What was decided


def test_a_decision_tells_what_every_policy_said_of_kept_and_dropped_traces(start, backend):
    daemon = start(TAIL)
    failed, slow, fine = trace_id(1), trace_id(2), trace_id(3)
    before = datetime.datetime.now(datetime.timezone.utc)
    send(daemon, otlp.traces(names=["failed"], trace_ids=[failed], status=2, service="payment"))
    send(daemon, otlp.traces(names=["slow"], trace_ids=[slow], duration=612_000_000, service="checkout"))
    send(daemon, otlp.traces(2, trace_ids=[fine, fine], duration=412_000_000, service="checkout"))
    ((kept,), (late,), (dropped,)) = [decisions_of(daemon, trace) for trace in (failed, slow, fine)]
    after = datetime.datetime.now(datetime.timezone.utc)

    for decision, trace, service, spans in ((kept, failed, "payment", 1), (late, slow, "checkout", 1),
                                            (dropped, fine, "checkout", 2)):
        assert decision["trace_id"] == trace.hex()
        assert (decision["sampler"], decision["trigger"]) == ("tail_sampling", "timeout")
        assert (decision["service"], decision["spans"], decision["late_spans"]) == (service, spans, 0)
        assert decision["bytes"] > 30
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", decision["time"])
        assert before <= datetime.datetime.fromisoformat(decision["time"][:26] + "+00:00") <= after
        assert [vote["policy"] for vote in decision["votes"]] == ["errors", "slow", "never"]
        assert not any(vote["shadow"] for vote in decision["votes"])

    def verdict(decision):
        return decision["decision"], decision["policy"], [vote["decision"] for vote in decision["votes"]]

    assert verdict(kept) == ("kept", "errors", ["sampled", "not_sampled", "not_sampled"])
    assert verdict(late) == ("kept", "slow", ["not_sampled", "sampled", "not_sampled"])
    assert verdict(dropped) == ("dropped", None, ["not_sampled", "not_sampled", "not_sampled"])
    assert [decision["duration_ms"] for decision in (kept, late, dropped)] == [1, 612, 412]
    for decision, measured in ((late, "612 ms"), (dropped, "412 ms")):
        reason = decision["votes"][1]["reason"]
        assert measured in reason and "500 ms" in reason
    backend.wait(1)


def test_the_threshold_told_is_the_one_that_spans_carry(start, backend):
    daemon = start("""
processors:
  tail_sampling:
    decision_wait: 100ms
    policies: [{name: half, type: probabilistic, probabilistic: {sampling_percentage: 50}}]
service: {pipelines: {traces: {processors: [tail_sampling]}}}
""")
    message = otlp.traces(60)
    send(daemon, message)
    ids = [span.trace_id for span in otlp.spans(message)]
    decisions = [decision for trace in ids for decision in decisions_of(daemon, trace)]
    kept = {decision["trace_id"]: decision for decision in decisions if decision["decision"] == "kept"}
    assert 0 < len(kept) < 60
    assert {decision["policy"] for decision in kept.values()} == {"half"}
    daemon.stop()
    arrived = {span.trace_id.hex(): span.trace_state for span in otlp.spans(*backend.messages())}
    assert set(arrived) == set(kept)
    for trace, state in arrived.items():
        assert kept[trace]["probability"] == pytest.approx(0.5, abs=0.001)
        assert re.search(r"ot=(?:.*;)?th:([0-9a-f]+)", state).group(1) == kept[trace]["threshold"]


def test_the_root_can_be_the_trigger(start):
    waits = "decision_wait: 1h\n    decision_wait_after_root_received: 50ms"
    daemon = start(TAIL.replace("decision_wait: 200ms", waits))
    send(daemon, otlp.traces(trace_ids=[trace_id(1)]))
    assert decisions_of(daemon, trace_id(1))[0]["trigger"] == "root"


def test_late_spans_are_counted_where_their_trace_was_decided(start, backend):
    daemon = start(TAIL)
    send(daemon, otlp.traces(trace_ids=[trace_id(1)], status=2))
    decisions_of(daemon, trace_id(1))
    send(daemon, otlp.traces(2, trace_ids=[trace_id(1)] * 2))
    backend.wait(2)
    (decision,) = poll(
        lambda: [one for one in decisions_of(daemon, trace_id(1)) if one["late_spans"]], what="the late spans"
    )
    assert (decision["late_spans"], decision["spans"]) == (2, 1)


def test_every_sampler_tells_what_it_decided(start, backend):
    daemon = start("""
processors:
  tail_sampling/strict:
    decision_wait: 100ms
    policies: [{name: errors, type: status_code, status_code: {status_codes: [ERROR]}}]
  tail_sampling/all:
    decision_wait: 100ms
    policies: [{name: everything, type: always_sample}]
service:
  pipelines:
    traces: {processors: [tail_sampling/strict]}
    traces/all: {receivers: [otlp], processors: [tail_sampling/all], exporters: [otlp_http]}
""")
    send(daemon, otlp.traces(trace_ids=[trace_id(1)]))
    decisions = decisions_of(daemon, trace_id(1), count=2)
    assert {decision["sampler"]: (decision["decision"], decision["policy"]) for decision in decisions} == {
        "tail_sampling/strict": ("dropped", None),
        "tail_sampling/all": ("kept", "everything"),
    }
    assert [decision["time"] for decision in decisions] == sorted(
        (decision["time"] for decision in decisions), reverse=True
    )
    shown = explain(trace_id(1).hex(), "--endpoint", telemetry(daemon))
    assert shown.returncode == 0
    assert "dropped by tail_sampling/strict at" in shown.stdout and "kept by tail_sampling/all at" in shown.stdout


def test_the_latest_decisions_are_listed_and_filtered(start):
    daemon = start(TAIL)
    for number in range(1, 7):
        send(
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
    send(daemon, otlp.traces(trace_ids=[trace_id(1)], service=service))
    (decision,) = decisions_of(daemon, trace_id(1))
    assert decision["service"] == service
    assert [one["trace_id"] for one in listed(daemon, service=service)] == [trace_id(1).hex()]
    shown = explain("--endpoint", telemetry(daemon)).stdout + explain(
        trace_id(1).hex(), "--endpoint", telemetry(daemon)
    ).stdout
    assert shown.count(r'a"},{\\n\u{1b}[2J\u{202e} é') == 2
    assert not {character for character in shown if character != "\n" and not character.isprintable()}


# --- The command


def test_the_command_shows_the_page_for_people_or_programs(start):
    daemon = start(TAIL)
    trace = trace_id(0xC0FFEE)
    send(daemon, otlp.traces(trace_ids=[trace], duration=412_000_000, service="checkout"))
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
    send(daemon, otlp.traces(trace_ids=[trace_id(1)]))
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


# --- Requests that are wrong


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

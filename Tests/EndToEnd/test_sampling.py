"""Samplers in a running daemon; what they decide in detail is tested in CollectorProcessorsTests."""

import base64
import gzip
import json
import pathlib
import random

import pytest
import requests
from google.protobuf.json_format import MessageToDict

import otlp
from daemon import poll
from own_metrics import own_metric

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "Golden"


@pytest.mark.parametrize("name", ["default-mode-25", "proportional-10", "equalizing-10"])
def test_the_probabilistic_sampler_keeps_the_recorded_spans(name, start, backend):
    lines = (GOLDEN / "probabilistic-sampler" / "spans.tsv").read_text().split("\n")
    rows = [line.split("\t") for line in lines if line]
    # Zero ids never get in; what is done with malformed tracestate is no rule.
    kinds = ("plain", "boundary", "th", "rv", "th_rv", "vendor_ot")
    judged = {index: row for index, row in enumerate(rows) if row[1] in kinds}
    request = otlp.REQUESTS["traces"]()
    scope = request.resource_spans.add().scope_spans.add()
    for index, (trace, _, _, state) in judged.items():
        scope.spans.add(
            trace_id=bytes.fromhex(trace), span_id=(index + 1).to_bytes(8, "big"), name=str(index), trace_state=state
        )
    settings, *kept = (GOLDEN / "probabilistic-sampler" / f"{name}.tsv").read_text().rstrip("\n").split("\n")
    keys = ", ".join(pair.replace("=", ": ") for pair in settings.split())
    daemon = start(f"""
processors: {{probabilistic_sampler: {{{keys}}}}}
service: {{pipelines: {{traces: {{processors: [probabilistic_sampler]}}}}}}
""")
    otlp.send(daemon, request)
    (message,) = backend.wait(1)
    expected = {}
    for line in kept:
        index, state = line.split("\t")
        if int(index) in judged:
            expected[int(index)] = judged[int(index)][3] if state == "=" else state
    arrived = {int(span.name): span.trace_state for span in otlp.spans(message)}
    assert set(arrived) == set(expected)
    assert {index: members(state) for index, state in arrived.items()} == {
        index: members(state) for index, state in expected.items()
    }


def members(state):
    """The sub-keys of a tracestate's `ot` in any order, and the other members in theirs."""
    found = [member.strip().partition("=") for member in state.split(",") if member.strip()]
    return (
        [sorted(value.split(";")) for key, _, value in found if key == "ot"],
        [(key, value) for key, _, value in found if key != "ot"],
    )


TAIL = """
processors:
  tail_sampling:
    decision_wait: %s
    policies:
      - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
      - {name: slow, type: latency, latency: {threshold_ms: 500}}
service: {pipelines: {traces: {processors: [tail_sampling]}}}
"""


def test_traces_in_many_pieces_are_kept_or_dropped_as_a_whole(start, backend):  # conformance 218, 229
    """Spans of a trace come by several requests, services and protocols, the one that decides at a random place."""
    daemon = start(TAIL % "1h")  # Decided at shutdown: however slow this machine is, none comes late.
    choose = random.Random(7)
    pieces, expected = [], {}
    for index in range(120):
        trace, fate = (index + 1).to_bytes(16, "big"), index % 3
        count = choose.randint(2, 6)
        deciding = choose.randrange(count)
        for number in range(count):
            name = f"{index}-{number}"
            is_deciding = number == deciding
            pieces.append(
                otlp.traces(
                    names=[name],
                    trace_ids=[trace],
                    service=f"service-{number % 3}",
                    status=2 if is_deciding and fate == 0 else 1,
                    duration=600_000_000 if is_deciding and fate == 1 else 1_000_000,
                )
            )
            if fate != 2:
                expected[name] = f"service-{number % 3}"
    choose.shuffle(pieces)
    with otlp.Client(daemon.grpc) as client:
        calls = [client.method().future(piece, timeout=20) for piece in pieces[::2]]
        for piece in pieces[1::2]:
            otlp.send(daemon, piece)
        for call in calls:
            call.result()
    daemon.stop()
    arrived = [
        (span.name, group.resource.attributes[0].value.string_value, scope.scope.name)
        for message in backend.messages()
        for group in message.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]
    assert sorted(arrived) == sorted((name, service, "tests") for name, service in expected.items())


def test_late_spans_follow_the_decision(start, backend):  # conformance 224
    daemon = start(TAIL % "300ms")
    kept, dropped = bytes(15) + b"\x01", bytes(15) + b"\x02"
    otlp.send(daemon, otlp.traces(names=["error"], trace_ids=[kept], status=2))
    otlp.send(daemon, otlp.traces(names=["fine"], trace_ids=[dropped]))
    backend.wait(1)
    # The other trace was decided in the same turn or the next.
    poll(lambda: "decision" in requests.get(daemon.own_metrics, timeout=5).text, what="the decisions")
    otlp.send(daemon, otlp.traces(names=["late, of the kept one"], trace_ids=[kept]))
    backend.wait(2)
    daemon.stop()
    assert otlp.names(*backend.messages()) == ["error", "late, of the kept one"]


def test_pending_traces_are_decided_at_shutdown(start, backend):  # conformance 227
    daemon = start(TAIL % "1h")
    for index in range(10):
        otlp.send(daemon, otlp.traces(names=[str(index)], status=2 if index < 4 else 0))
    books = daemon.stop()
    assert otlp.names(*backend.messages()) == ["0", "1", "2", "3"]
    assert sum(books["pipeline traces", "traces"].dropped.values()) == 6


def test_the_window_stays_within_its_budget(start, backend):  # conformance 226
    daemon = start(TAIL.replace("decision_wait: %s", "decision_wait: 1h\n    max_buffer_mib: 8"))
    before = daemon.resident_bytes()
    for _ in range(40):
        otlp.send(daemon, otlp.traces(500, size=1000))
    assert daemon.resident_bytes() - before < 80 << 20
    books = daemon.stop()["pipeline traces", "traces"]
    assert books.received == 20_000 == books.forwarded + sum(books.dropped.values())


def test_below_a_memory_limiter_the_window_decides_early_instead_of_refusing(start, backend):
    """The main configuration of README with less memory: more comes within the wait than may be held."""
    daemon = start("""
processors:
  memory_limiter: {limit_mib: 64}
  tail_sampling:
    decision_wait: 60s
    policies:
      - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
      - {name: slow, type: latency, latency: {threshold_ms: 500}}
      - {name: one-percent, type: probabilistic, probabilistic: {sampling_percentage: 1}}
  exemplars: {}
service:
  pipelines:
    traces: {processors: [memory_limiter, tail_sampling, exemplars]}
    metrics: {processors: [memory_limiter, exemplars]}
""")
    before = daemon.resident_bytes()
    for _ in range(60):
        otlp.send(daemon, otlp.traces(500, size=4000))
    assert own_metric(daemon, "otelcol_processor_tail_sampling_decisions", trigger="pressure") > 0
    assert own_metric(daemon, "otelcol_processor_memory_limiter_refused_spans") == 0
    assert daemon.resident_bytes() - before < 128 << 20
    books = daemon.stop()["pipeline traces", "traces"]
    assert books.received == 30_000 == books.forwarded + sum(books.dropped.values())
    assert books.refused == 0


def as_json(message):
    """OTLP/JSON: ids are hexadecimal, not base64."""
    def walk(value):
        if isinstance(value, dict):
            return {
                key: base64.b64decode(each).hex() if key in ("traceId", "spanId", "parentSpanId") else walk(each)
                for key, each in value.items()
            }
        return [walk(each) for each in value] if isinstance(value, list) else value

    return json.dumps(walk(MessageToDict(message, use_integers_for_enums=True)))


@pytest.mark.parametrize("protocol", ["protobuf", "json", "grpc"])
def test_the_recorded_traces_are_kept_whichever_protocol_brings_them(protocol, start, backend):  # conformance 230
    daemon = start(TAIL % "1h")
    with otlp.Client(daemon.grpc) as client:
        for path in sorted((GOLDEN / "tail-sampling" / "corpus").glob("*.pb.gz")):
            message = otlp.REQUESTS["traces"].FromString(gzip.decompress(path.read_bytes()))
            if protocol == "protobuf":
                otlp.send(daemon, message)
            elif protocol == "grpc":
                client.export(message)
            else:
                headers = {"Content-Type": "application/json"}
                answer = requests.post(f"{daemon.http}/v1/traces", data=as_json(message), headers=headers, timeout=20)
                assert answer.status_code == 200, answer.content
    daemon.stop()
    kept = {span.trace_id.hex() for span in otlp.spans(*backend.messages())}
    recorded = set()
    for name in ("status-error", "latency-500"):
        lines = (GOLDEN / "tail-sampling" / "decisions" / f"{name}.tsv").read_text().split("\n")
        recorded |= {line.split("\t")[-1] for line in lines if line.startswith("kept")}
    assert kept == recorded

"""Why a trace was kept or dropped: what samplers remember of their decisions."""

import datetime
import re

import pytest

import otlp
from daemon import poll
from decisions import TAIL, decisions_of, explain, telemetry, trace_id


def test_a_decision_tells_what_every_policy_said_of_kept_and_dropped_traces(start, backend):
    daemon = start(TAIL)
    failed, slow, fine = trace_id(1), trace_id(2), trace_id(3)
    before = datetime.datetime.now(datetime.timezone.utc)
    otlp.send(daemon, otlp.traces(names=["failed"], trace_ids=[failed], status=2, service="payment"))
    otlp.send(daemon, otlp.traces(names=["slow"], trace_ids=[slow], duration=612_000_000, service="checkout"))
    otlp.send(daemon, otlp.traces(2, trace_ids=[fine, fine], duration=412_000_000, service="checkout"))
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
    otlp.send(daemon, message)
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
    otlp.send(daemon, otlp.traces(trace_ids=[trace_id(1)]))
    assert decisions_of(daemon, trace_id(1))[0]["trigger"] == "root"


def test_late_spans_are_counted_where_their_trace_was_decided(start, backend):
    daemon = start(TAIL)
    otlp.send(daemon, otlp.traces(trace_ids=[trace_id(1)], status=2))
    decisions_of(daemon, trace_id(1))
    otlp.send(daemon, otlp.traces(2, trace_ids=[trace_id(1)] * 2))
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
    otlp.send(daemon, otlp.traces(trace_ids=[trace_id(1)]))
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


def test_a_trace_of_which_only_the_verdict_is_left_has_no_made_up_values(start, backend):
    daemon = start(TAIL.replace("decision_wait: 200ms", "decision_wait: 100ms\n    decision_records: 0"))
    otlp.send(daemon, otlp.traces(trace_ids=[trace_id(1)], status=2))
    (decision,) = decisions_of(daemon, trace_id(1))
    assert (decision["decision"], decision["trigger"], decision["votes"]) == ("kept", "cache", [])
    for unknown in ("spans", "bytes", "duration_ms", "service", "late_spans"):
        assert decision[unknown] is None, unknown

"""Traces that are made to hurt a tail sampler: none crashes or stalls it or lets its memory pass the bound, each is decided
and counted."""

import pathlib
import random
import time

import pytest
import requests

import otlp
from daemon import poll
from own_metrics import own_metric

PREFIX = "otelcol_processor_tail_sampling_"
SAMPLING = """
processors:
  tail_sampling:
    decision_wait: %s
    max_buffer_mib: 32
    policies:
      - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
      - {name: some, type: probabilistic, probabilistic: {sampling_percentage: 10}}
      - {name: learned, type: latency_percentile, latency_percentile: {min_samples: 10}}
      - {name: adaptive, type: adaptive, adaptive: {spans_per_second: 100}}
service: {pipelines: {traces: {processors: [tail_sampling]}}}
"""
ONE_POLICY = """
processors: {tail_sampling: {decision_wait: 1s, policies: [%s]}}
service: {pipelines: {traces: {processors: [tail_sampling]}}}
"""
HEADERS = {"Content-Type": "application/x-protobuf"}


def post(session, daemon, body):
    return session.post(f"{daemon.http}/v1/traces", data=body, headers=HEADERS, timeout=30).status_code


def resident_mib(daemon):
    status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def is_balanced(daemon, books, sent):
    traces = books["pipeline traces", "traces"]
    return traces.residual == 0 and traces.received == sent and traces.received == (
        traces.refused + traces.forwarded + traces.held + sum(traces.dropped.values()))


def test_a_million_spans_under_one_id_do_not_stall_the_others(start, backend):
    daemon = start(SAMPLING % "2s")
    trace = b"\x11" * 16
    body = otlp.traces(4000, trace_ids=[trace] * 4000).SerializeToString()
    small = otlp.traces(1, status=2).SerializeToString()
    waits, peak = [], 0
    with requests.Session() as hostile, requests.Session() as other:
        for _ in range(250):
            assert post(hostile, daemon, body) == 200
            before = time.monotonic()
            assert post(other, daemon, small) == 200
            waits.append(time.monotonic() - before)
            peak = max(peak, resident_mib(daemon))
    assert sorted(waits)[-3] < 0.5
    # The window's bound, what is on its way through, and the program itself.
    assert peak < 32 + 8 + 8 + 64
    books = daemon.stop()
    assert is_balanced(daemon, books, 250 * 4001)


def test_ids_that_are_made_alike_are_told_apart(start, backend):
    """Ids that differ in one bit, or in the half that a careless table would leave out."""
    daemon = start(SAMPLING % "300ms")
    ids = [(1 << bit).to_bytes(16, "big") for bit in range(128)]
    ids += [number.to_bytes(8, "big") + bytes(7) + b"\x01" for number in range(1, 20_000)]
    ids += [b"\x01" + bytes(7) + number.to_bytes(8, "big") for number in range(1, 20_000)]
    ids = list(dict.fromkeys(ids))
    errors = set(random.Random(1).sample(ids, 500))
    began = time.monotonic()
    with requests.Session() as session:
        for start_ in range(0, len(ids), 1000):
            part = ids[start_:start_ + 1000]
            message = otlp.traces(len(part), trace_ids=part)
            for span in message.resource_spans[0].scope_spans[0].spans:
                span.status.code = 2 if span.trace_id in errors else 0
            assert post(session, daemon, message.SerializeToString()) == 200
    assert time.monotonic() - began < 20
    poll(lambda: own_metric(daemon, PREFIX + "sampling_traces_on_memory") == 0, what="all decisions")
    assert own_metric(daemon, PREFIX + "new_trace_id_received") == len(ids)
    assert own_metric(daemon, PREFIX + "global_count_traces_sampled") == len(ids)
    books = daemon.stop()
    assert errors <= {span.trace_id for span in otlp.spans(*backend.messages())}
    assert is_balanced(daemon, books, len(ids))


def test_wild_clocks_and_broken_tracestates_are_decided_and_counted(start, backend):  # conformance 213
    daemon = start(SAMPLING % "200ms")
    message = otlp.traces(8, status=2)
    spans = message.resource_spans[0].scope_spans[0].spans
    times = [
        (0, 2**64 - 1), (2**64 - 1, 0), (2**64 - 1, 2**64 - 1), (0, 0), (otlp.NOW, otlp.NOW - 10**9),
        (otlp.NOW - 10**18, otlp.NOW), (otlp.NOW, otlp.NOW + 10**18), (otlp.NOW, otlp.NOW)]
    for span, (begin, end) in zip(spans, times):
        span.start_time_unix_nano, span.end_time_unix_nano = begin, end
    broken = ["ot=th:zz", "====", "ot=rv:1;th:8", "a" * 5000, "x=1,x=2"]
    for span, state in zip(spans, broken):
        span.trace_state = state
    with requests.Session() as session:
        assert post(session, daemon, message.SerializeToString()) == 200
    poll(lambda: own_metric(daemon, PREFIX + "global_count_traces_sampled", decision="sampled") == 8)
    assert own_metric(daemon, PREFIX + "traces_with_unparsable_tracestate") == len(broken)
    books = daemon.stop()
    arrived = otlp.spans(*backend.messages())
    assert sorted(span.trace_state for span in arrived if span.trace_state) == sorted(broken)
    assert len(arrived) == 8 and is_balanced(daemon, books, 8)


def test_labels_that_never_repeat_leave_the_memory_bounded(start, backend):
    daemon = start(SAMPLING % "100ms")
    with requests.Session() as session:
        def churn(rounds):
            for number in range(rounds):
                message = otlp.traces(1)
                del message.resource_spans[:]
                for _ in range(200):
                    part = otlp.traces(1, service=random.randbytes(40).hex(), names=[random.randbytes(40).hex()])
                    message.resource_spans.extend(part.resource_spans)
                assert post(session, daemon, message.SerializeToString()) == 200
        churn(100)
        before = resident_mib(daemon)
        churn(200)
        # More keys than policies remember; those of the beginning were learned in the first part.
        assert resident_mib(daemon) < before + 48
    poll(lambda: own_metric(daemon, PREFIX + "sampling_traces_on_memory") == 0, what="all decisions")
    assert is_balanced(daemon, daemon.stop(), 300 * 200)


@pytest.mark.parametrize("policy", [
    "{name: slow, type: latency_percentile, latency_percentile: {percentile: 99}}",
    "{name: shop, type: ottl_condition, ottl_condition: "
    "{span: ['resource.attributes[\"service.name\"] == \"shop\" and kind == 2']}}",
    "{name: event, type: ottl_condition, ottl_condition: {spanevent: ['span.attributes[\"none\"] == name']}}",
])
def test_many_attributes_beside_many_spans_or_events_cost_their_sum(policy, start, backend):
    daemon = start(ONE_POLICY % policy)
    count = 40_000
    message = otlp.traces(count, trace_ids=[number.to_bytes(16, "big") for number in range(1, count + 1)])
    (resource,) = message.resource_spans
    del resource.resource.attributes[:]
    span = resource.scope_spans[0].spans[0]
    for number in range(count):
        resource.resource.attributes.add(key=f"a{number}")
        span.attributes.add(key=f"a{number}")
        span.events.add(name="e")
    with requests.Session() as hostile:
        before = time.monotonic()
        assert post(hostile, daemon, message.SerializeToString()) == 200
        # Their product would take half a minute.
        assert time.monotonic() - before < 5

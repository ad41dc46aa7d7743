"""memory_limiter, health_check, the file and debug exporters, fan-out, in a running daemon."""

import json

import pytest
import requests

import otlp
from daemon import poll
from otlp import Client


def test_the_memory_limiter_refuses_retryably_and_takes_again(start, backend):  # conformance 41
    daemon = start("""
processors:
  memory_limiter: {check_interval: 1s, limit_mib: 8, spike_limit_mib: 2}
exporters:
  otlp_http: {endpoint: "http://127.0.0.1:1", retry_on_failure: {max_elapsed_time: 2s}}
service: {pipelines: {traces: {processors: [memory_limiter]}}}
""")
    request = otlp.traces(1000, size=1000)
    answers = [otlp.post(daemon, request) for _ in range(20)]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert refused and len(refused) < 20
    assert {answer.status_code for answer in refused} <= {429, 503}
    # Once what was held has been given up, there is room again.
    poll(lambda: otlp.post(daemon, otlp.traces()).status_code == 200, seconds=15, what="room", interval=0.1)


def test_health_check(start):
    daemon = start("""
extensions: {health_check: {endpoint: "127.0.0.1:0"}}
service: {extensions: [health_check]}
""")
    assert requests.get(daemon.health, timeout=5).status_code == 200


def test_the_file_exporter_writes_otlp_json_lines(start, tmp_path):
    path = tmp_path / "out.jsonl"
    daemon = start(f"""
exporters: {{file: {{path: "{path}"}}}}
service: {{pipelines: {{traces: {{exporters: [file]}}, logs: {{exporters: [file]}}}}}}
""")
    trace = bytes(range(1, 17))
    otlp.post(daemon, otlp.traces(names=["first"], trace_ids=[trace]))
    otlp.post(daemon, otlp.logs(2, body="zwei\nZeilen"), "logs")
    daemon.stop()
    documents = [json.loads(line) for line in path.read_text().splitlines()]
    (traces,) = [document for document in documents if "resourceSpans" in document]
    (logs,) = [document for document in documents if "resourceLogs" in document]
    assert traces["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["traceId"] == trace.hex()
    bodies = [record["body"]["stringValue"] for record in logs["resourceLogs"][0]["scopeLogs"][0]["logRecords"]]
    assert bodies == ["zwei\nZeilen"] * 2


@pytest.mark.parametrize("verbosity", ["basic", "normal", "detailed"])
def test_the_debug_exporter_tells_what_passes(verbosity, start):
    daemon = start(f"""
exporters: {{debug: {{verbosity: {verbosity}}}}}
service: {{pipelines: {{traces: {{exporters: [debug]}}}}}}
""")
    otlp.post(daemon, otlp.traces(3, names=["one", "two", "three"]))
    daemon.wait_for_log(r"3 spans" if verbosity == "basic" else r"three|3 spans")


def test_a_full_branch_does_not_make_the_others_repeat(start, backend):
    """Several exporters: what one cannot take is refused as a whole, before any has taken it."""
    daemon = start("""
exporters:
  otlp_http/dead: {endpoint: "http://127.0.0.1:1", sending_queue: {queue_size: 2, num_consumers: 1}}
service: {pipelines: {traces: {exporters: [otlp_http/dead, otlp_http]}}}
""")
    taken = []
    for index in range(10):
        if otlp.post(daemon, otlp.traces(names=[str(index)])).status_code == 200:
            taken.append(str(index))
    assert 0 < len(taken) < 10
    backend.wait(len(taken))
    books = daemon.stop()
    assert otlp.names(*backend.messages()) == taken
    assert books["exporter otlp_http", "traces"].received == len(taken)


def test_batches_end_at_their_size(start, backend):
    daemon = start("""
processors: {batch: {timeout: 1h, send_batch_size: 50, send_batch_max_size: 50}}
service: {pipelines: {traces: {processors: [batch]}}}
""")
    with Client(daemon.grpc) as client:
        for _ in range(10):
            client.export(otlp.traces(20))
    # 200 spans: four batches of 50 without the timeout.
    found = backend.wait(4)
    assert [len(otlp.spans(message)) for message in found] == [50] * 4

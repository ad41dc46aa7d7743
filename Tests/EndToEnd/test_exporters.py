"""OTLP out: what a backend's answers lead to (conformance 76 to 95)."""

import email.utils
import gzip
import socket
import threading
import time

import grpc
import pytest

import backend as backends
import otlp
from backend import Answer, partial
from daemon import poll
from own_metrics import own_metric
from otlp import Client

RETRYABLE_HTTP = {429, 502, 503, 504}
PERMANENT_HTTP = [400, 401, 403, 404, 405, 408, 409, 410, 412, 413, 415, 422, 431, 451, 500, 501, 505, 507, 508, 511]
RETRYABLE_GRPC = {
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DATA_LOSS,
}
PERMANENT_GRPC = set(grpc.StatusCode) - RETRYABLE_GRPC - {grpc.StatusCode.OK}

BY_GRPC = """
exporters:
  otlp_grpc:
    endpoint: ${env:BACKEND_GRPC}
    tls: {insecure: true}
    retry_on_failure: {initial_interval: 50ms, max_interval: 200ms}
service:
  pipelines:
    traces: {exporters: [otlp_grpc]}
    metrics: {exporters: [otlp_grpc]}
    logs: {exporters: [otlp_grpc]}
"""


@pytest.fixture(params=["http", "grpc"])
def exporting(request, start):
    """A daemon that forwards by either protocol, and its exporter's name."""
    return (start(), "otlp_http") if request.param == "http" else (start(BY_GRPC), "otlp_grpc")


def test_what_is_sent_is_labelled_right(exporting, backend):  # conformance 88 to 90
    daemon, exporter = exporting
    otlp.send(daemon, otlp.traces(names=["labelled"], size=1000))
    backend.wait(1)
    (received,) = backend.received
    headers = {name.lower(): value for name, value in received.headers.items()}
    assert "needletail" in headers["user-agent"].lower() or "OTel-OTLP-Exporter-Swift/" in headers["user-agent"]
    if exporter == "otlp_http":
        assert headers["content-type"] == "application/x-protobuf"
        assert headers["content-encoding"] == "gzip"
        assert gzip.decompress(received.body) == received.plain


def test_configured_headers_are_sent_and_compression_can_be_off(start, backend):
    daemon = start("exporters: {otlp_http: {compression: none, headers: {X-Tenant: needles}}}")
    otlp.send(daemon, otlp.traces())
    backend.wait(1)
    headers = backend.received[0].headers
    assert headers["X-Tenant"] == "needles" or headers["x-tenant"] == "needles"
    assert "Content-Encoding" not in headers and "content-encoding" not in headers


def test_connections_are_reused(exporting, backend):  # conformance 92
    daemon, exporter = exporting
    for number in range(20):
        otlp.send(daemon, otlp.traces())
        backend.wait(number + 1)
    if exporter == "otlp_http":
        # One for each event loop at most, as requests come one after the other.
        assert backend.connections <= 4


def test_exactly_the_retryable_http_statuses_are_retried(start, backend):  # conformance 78, 85
    daemon = start()
    answers = {f"status {status}": status for status in [*PERMANENT_HTTP, *RETRYABLE_HTTP]}
    tries = {name: 0 for name in answers}

    def decide(message):
        (name,) = otlp.names(message)
        if name not in answers:
            return Answer()
        tries[name] += 1
        return Answer(status=answers[name] if tries[name] == 1 else 200)

    backend.decide = decide
    for name in answers:
        otlp.send(daemon, otlp.traces(names=[name]))
    poll(lambda: sum(tries.values()) == len(answers) + len(RETRYABLE_HTTP), what="tries and retries")
    poll(lambda: own_metric(daemon, "otelcol_exporter_send_failed_spans") == len(PERMANENT_HTTP), what="the drops")
    assert own_metric(daemon, "otelcol_exporter_sent_spans") == len(RETRYABLE_HTTP)
    assert {answers[name] for name, count in tries.items() if count == 2} == RETRYABLE_HTTP
    books = daemon.stop()["exporter otlp_http", "traces"]
    assert sum(tries.values()) == len(answers) + len(RETRYABLE_HTTP)
    assert (books.forwarded, sum(books.dropped.values())) == (len(RETRYABLE_HTTP), len(PERMANENT_HTTP))


def test_exactly_the_retryable_grpc_codes_are_retried(start, backend):  # conformance 76, 77, 85
    daemon = start(BY_GRPC)
    answers = {code.name: code for code in [*PERMANENT_GRPC, *RETRYABLE_GRPC]}
    tries = {name: 0 for name in answers}

    def decide(message):
        (name,) = otlp.names(message)
        tries[name] += 1
        return Answer(code=answers[name] if tries[name] == 1 else grpc.StatusCode.OK)

    backend.decide = decide
    for name in answers:
        otlp.send(daemon, otlp.traces(names=[name]))
    poll(lambda: sum(tries.values()) == len(answers) + len(RETRYABLE_GRPC), what="tries and retries")
    poll(lambda: own_metric(daemon, "otelcol_exporter_send_failed_spans") == len(PERMANENT_GRPC), what="the drops")
    assert {answers[name] for name, count in tries.items() if count == 2} == RETRYABLE_GRPC
    books = daemon.stop()["exporter otlp_grpc", "traces"]
    assert sum(tries.values()) == len(answers) + len(RETRYABLE_GRPC)
    assert (books.forwarded, sum(books.dropped.values())) == (len(RETRYABLE_GRPC), len(PERMANENT_GRPC))


def delay_between_tries(daemon, backend, answer):
    backend.answers.append(answer)
    otlp.send(daemon, otlp.traces())
    backend.wait(2)
    first, second = backend.received
    assert first.plain == second.plain
    return second.at - first.at


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds_is_honoured(status, start, backend):  # conformance 79
    assert delay_between_tries(start(), backend, Answer(status, headers={"Retry-After": "2"})) >= 1.9


def test_retry_after_as_a_date_is_honoured(start, backend):  # conformance 79
    at = email.utils.formatdate(time.time() + 3, usegmt=True)
    assert delay_between_tries(start(), backend, Answer(503, headers={"Retry-After": at})) >= 1.5


def test_retry_after_in_the_past_means_no_extra_wait(start, backend):  # conformance 79
    at = email.utils.formatdate(time.time() - 3600, usegmt=True)
    assert delay_between_tries(start(), backend, Answer(503, headers={"Retry-After": at})) < 1.5


def test_retry_info_is_honoured(start, backend):  # conformance 79
    answer = Answer(code=grpc.StatusCode.UNAVAILABLE, retry_after=1.2)
    assert delay_between_tries(start(BY_GRPC), backend, answer) >= 1.15


def test_resource_exhausted_is_retried_when_it_comes_with_retry_info(start, backend):  # conformance 76
    answer = Answer(code=grpc.StatusCode.RESOURCE_EXHAUSTED, retry_after=0.3)
    assert delay_between_tries(start(BY_GRPC), backend, answer) >= 0.29


def test_partial_success_is_counted_and_not_retried(exporting, backend):  # conformance 82
    daemon, exporter = exporting
    backend.answers.append(Answer(body=partial("traces", 2, "two were odd")))
    otlp.send(daemon, otlp.traces(5))
    daemon.wait_for_log("two were odd")
    books = daemon.stop()[f"exporter {exporter}", "traces"]
    assert len(backend.received) == 1
    assert (books.forwarded, sum(books.dropped.values())) == (3, 2)


def test_an_empty_partial_success_is_full_success(exporting, backend):  # conformance 83
    daemon, exporter = exporting
    backend.answers.append(Answer(body=partial("traces", 0)))
    otlp.send(daemon, otlp.traces(5))
    backend.wait(1)
    books = daemon.stop()[f"exporter {exporter}", "traces"]
    assert books.forwarded == 5
    assert " warn " not in daemon.text()


def test_a_warning_without_rejections_is_only_logged(exporting, backend):  # conformance 84
    daemon, exporter = exporting
    backend.answers.append(Answer(body=partial("logs", 0, "please upgrade")))
    otlp.send(daemon, otlp.logs(5), "logs")
    daemon.wait_for_log("please upgrade")
    assert daemon.stop()[f"exporter {exporter}", "logs"].forwarded == 5


def test_a_connection_closed_without_an_answer_is_tried_again(start, backend):  # conformance 81
    daemon = start()
    backend.answers.append(Answer(close=True))
    otlp.send(daemon, otlp.traces(names=["again"]))
    assert [otlp.names(message) for message in backend.wait(2)] == [["again"]] * 2


def test_a_backend_that_comes_up_late_gets_everything(start, backend):  # conformance 80
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    daemon = start(f"exporters: {{otlp_http: {{endpoint: 'http://127.0.0.1:{port}'}}}}")
    for index in range(10):
        otlp.send(daemon, otlp.traces(names=[f"early {index}"]))
    daemon.wait_for_log("sending failed, next try")
    with backends.Backend(port) as late:
        late.wait(10)
        assert otlp.names(*late.messages()) == sorted(f"early {index}" for index in range(10))
        daemon.stop()


def test_a_timed_out_export_is_tried_again(start, backend):  # conformance 95
    daemon = start("exporters: {otlp_http: {timeout: 300ms}}")
    backend.answers.append(Answer(hold=threading.Event()))
    otlp.send(daemon, otlp.traces(names=["slow"]))
    backend.wait(2)


def test_retries_end_after_max_elapsed_time(start, backend):  # conformance 80
    daemon = start("exporters: {otlp_http: {retry_on_failure: {max_elapsed_time: 400ms}}}")
    backend.decide = lambda _: Answer(status=503)
    otlp.send(daemon, otlp.traces(3))
    poll(lambda: own_metric(daemon, "otelcol_exporter_send_failed_spans") == 3, what="giving up")
    tries = len(backend.received)
    assert tries >= 2
    books = daemon.stop()["exporter otlp_http", "traces"]
    assert books.dropped == {"otlp_http: retries exhausted": 3}


def test_an_answer_that_is_too_large_is_permanent(start, backend):  # conformance 87
    daemon = start()
    backend.answers.append(Answer(body=bytes(5 << 20)))
    otlp.send(daemon, otlp.traces(2))
    poll(lambda: own_metric(daemon, "otelcol_exporter_send_failed_spans") == 2, what="giving up")
    assert len(backend.received) == 1


def test_a_dead_destination_does_not_delay_a_healthy_one(start, backend):  # conformance 93
    daemon = start("""
exporters:
  otlp_http/dead: {endpoint: "http://127.0.0.1:1", retry_on_failure: {max_elapsed_time: 1s}}
service: {pipelines: {traces: {exporters: [otlp_http/dead, otlp_http]}}}
""")
    for index in range(50):
        otlp.send(daemon, otlp.traces(names=[f"{index}"]))
    backend.wait(50, seconds=5)
    books = daemon.stop()
    assert books["exporter otlp_http", "traces"].forwarded == 50
    assert sum(books["exporter otlp_http/dead", "traces"].dropped.values()) == 50


BATCHING = """
processors:
  batch: {timeout: 300ms}
service: {pipelines: {traces: {processors: [batch]}}}
"""


def test_batches_merge_requests(start, backend):
    daemon = start(BATCHING)
    with Client(daemon.grpc) as client:
        calls = [client.method().future(otlp.traces(names=[f"{index:02}"]), timeout=10) for index in range(40)]
        for call in calls:
            call.result()
    poll(lambda: len(otlp.names(*backend.messages())) == 40, what="all spans")
    assert otlp.names(*backend.messages()) == [f"{index:02}" for index in range(40)]
    assert len(backend.received) < 40


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_one_senders_poison_costs_no_one_else_anything(protocol, start, backend):
    """A merged batch that is refused is sent once more per source request; only the poison is dropped."""
    batching = "processors: {batch: {timeout: 300ms}}\n"
    daemon = start(
        batching + "service: {pipelines: {traces: {processors: [batch]}}}"
        if protocol == "http"
        else batching + BY_GRPC.replace("traces: {", "traces: {processors: [batch], ")
    )
    refusal = Answer(status=400, code=grpc.StatusCode.INVALID_ARGUMENT)
    backend.decide = lambda message: refusal if "poison" in otlp.names(message) else None
    sent = [f"good {index}" for index in range(10)] + ["poison"] + [f"good {index}" for index in range(10, 20)]
    with Client(daemon.grpc) as client:
        calls = [client.method().future(otlp.traces(names=[name]), timeout=10) for name in sent]
        for call in calls:
            call.result()
    good = sorted(name for name in sent if name != "poison")
    poll(lambda: otlp.names(*backend.messages(accepted_only=True)) == good, what="all but the poison")
    books = daemon.stop()[f"exporter otlp_{protocol}", "traces"]
    assert (books.forwarded, sum(books.dropped.values())) == (20, 1)


def test_refused_credentials_are_not_tried_per_sender(start, backend):
    daemon = start(BATCHING)
    backend.decide = lambda _: Answer(status=401)
    for _ in range(5):
        otlp.send(daemon, otlp.traces())
    poll(lambda: own_metric(daemon, "otelcol_exporter_send_failed_spans") == 5, what="the drops")
    assert len(backend.received) <= 5


def test_own_metrics_tell_what_happened(start, backend):
    daemon = start()
    otlp.send(daemon, otlp.traces(3))
    otlp.send(daemon, otlp.logs(2), "logs")
    backend.wait(1)
    backend.wait(1, "logs")
    poll(lambda: own_metric(daemon, "otelcol_exporter_sent_log_records") == 2, what="the log records")
    assert own_metric(daemon, "otelcol_receiver_accepted_spans", receiver="otlp", transport="http") == 3
    poll(lambda: own_metric(daemon, "otelcol_exporter_sent_spans", exporter="otlp_http") == 3, what="the spans")
    assert own_metric(daemon, "needletail_ledger_residual") == 0
    assert own_metric(daemon, "otelcol_process_memory_rss") > 1 << 20

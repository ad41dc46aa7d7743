"""OTLP/HTTP in, with curl as the client and plain sockets where curl behaves too well (conformance 28 to 48)."""

import base64
import gzip
import json
import re
import socket
import subprocess
import threading
import time
import zlib

import pytest
from google.protobuf.json_format import MessageToJson
from google.rpc import status_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

import otlp
from backend import Answer
from daemon import poll

PROTOBUF = "Content-Type: application/x-protobuf"
JSON = "Content-Type: application/json"
ONE_SPAN = '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%032x","spanId":"%016x","name":"%s"}]}]}]}'


def one_span(name="json"):
    return (ONE_SPAN % (otlp.NOW, 1, name)).encode()


class Curl:
    """What curl got: status, headers (names in lower case), body, and what it told about the connection."""

    def __init__(self, *arguments, body=None, headers=()):
        command = ["curl", "--silent", "--show-error", "--verbose", "--max-time", "20", *arguments]
        for header in headers:
            command += ["--header", header]
        if body is not None:
            command += ["--data-binary", "@-"]
        done = subprocess.run(command, input=body or b"", capture_output=True, timeout=30)
        self.exit_status = done.returncode
        self.body = done.stdout
        self.connection = done.stderr.decode(errors="replace")
        answers = [line[2:].strip() for line in self.connection.splitlines() if line.startswith("< ")]
        self.statuses = [int(line.split(" ")[1]) for line in answers if line.startswith("HTTP/")]
        self.headers = {
            name.lower(): value.strip() for name, colon, value in (line.partition(":") for line in answers) if colon
        }

    @property
    def status(self):
        return self.statuses[-1]

    @property
    def connections(self):
        return self.connection.count("* Connected to")


def post(daemon, body, content_type=PROTOBUF, *arguments, signal="traces", headers=()):
    return Curl(*arguments, f"{daemon.http}/v1/{signal}", body=body, headers=[content_type, "Expect:", *headers])


def assert_is_status(answer, content_type):
    """A google.rpc.Status with a message, in the request's encoding (conformance 30, 34)."""
    assert answer.headers["content-type"] == content_type.split(": ")[1]
    if content_type == JSON:
        status = json.loads(answer.body)
        assert status["message"] and isinstance(status["code"], int)
    else:
        assert status_pb2.Status.FromString(answer.body).message


@pytest.mark.parametrize("kind, make", [("traces", otlp.traces), ("metrics", otlp.gauge), ("logs", otlp.logs)])
@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_each_signal_in_both_encodings(kind, make, content_type, forwarding, backend):  # conformance 28 to 32
    request = make()
    body = request.SerializeToString() if content_type == PROTOBUF else as_json(request)
    answer = post(forwarding, body, content_type, signal=kind)
    assert (answer.status, answer.body) == (200, b"" if content_type == PROTOBUF else b"{}")
    assert answer.headers["content-type"] == content_type.split(": ")[1]
    assert otlp.readable(backend.wait(1, kind)[0]) == otlp.readable(request)


def as_json(request):
    """OTLP/JSON has ids in hex where protobuf's JSON has base64."""
    document = json.loads(MessageToJson(request))

    def convert(value):
        if isinstance(value, list):
            return [convert(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {
            key: base64.b64decode(item).hex() if key in ("traceId", "spanId", "parentSpanId") else convert(item)
            for key, item in value.items()
        }

    return json.dumps(convert(document)).encode()


def test_expect_100_continue_is_answered_at_once(forwarding, backend):  # conformance 45
    body = otlp.traces(20, size=1000).SerializeToString()
    began = time.monotonic()
    # curl would give up waiting for the 100 after a second and send anyway.
    wait = ["--expect100-timeout", "15"]
    answer = Curl(*wait, f"{forwarding.http}/v1/traces", body=body, headers=[PROTOBUF, "Expect: 100-continue"])
    assert answer.statuses == [100, 200]
    assert time.monotonic() - began < 10
    backend.wait(1)


def test_a_refused_expectation_gets_its_answer_without_the_body(forwarding):  # conformance 45
    answer = Curl(f"{forwarding.http}/v1/nothing", body=b"x" * 10_000, headers=[PROTOBUF, "Expect: 100-continue"])
    assert answer.statuses == [404]


def test_chunked_bodies(forwarding, backend):  # conformance 45
    request = otlp.traces(50, size=2000)
    answer = post(forwarding, request.SerializeToString(), PROTOBUF, headers=["Transfer-Encoding: chunked"])
    assert answer.status == 200
    assert otlp.names(*backend.wait(1)) == otlp.names(request)


@pytest.mark.parametrize(
    "coding, compress", [("gzip", gzip.compress), ("deflate", zlib.compress), ("GZIP", gzip.compress)]
)
@pytest.mark.parametrize("chunked", [False, True])
def test_compressed_bodies(coding, compress, chunked, forwarding, backend):  # conformance 37
    request = otlp.traces(10)
    headers = [f"Content-Encoding: {coding}"] + (["Transfer-Encoding: chunked"] if chunked else [])
    answer = post(forwarding, compress(request.SerializeToString()), headers=headers)
    assert answer.status == 200
    assert otlp.names(*backend.wait(1)) == otlp.names(request)


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_an_unsupported_coding_gets_415_and_the_supported_ones(content_type, forwarding):  # conformance 38
    answer = post(forwarding, b"whatever", content_type, headers=["Content-Encoding: snappy"])
    assert answer.status == 415
    assert "gzip" in answer.headers["accept-encoding"]
    assert_is_status(answer, content_type)


@pytest.mark.parametrize("header", ["Content-Type:", "Content-Type: text/plain", "Content-Type: ;;"])
def test_a_missing_or_unknown_content_type_gets_415(header, forwarding):  # conformance 39
    assert post(forwarding, one_span(), header).status == 415


def test_wrong_methods_and_paths_keep_the_connection(forwarding):  # conformance 40
    url = f"{forwarding.http}/v1/traces"
    answer = Curl(url, "--next", "--verbose", f"{forwarding.http}/nothing", "--next", "--verbose", "-X", "PUT", url)
    assert answer.statuses == [405, 404, 405]
    assert answer.headers["allow"] == "POST"
    assert answer.connections == 1


def test_one_connection_serves_many_requests(forwarding, backend):  # conformance 45
    url = f"{forwarding.http}/v1/traces"
    request = ["--header", JSON, "--data", one_span().decode()]
    answer = Curl(*request, url, url, url)
    assert answer.statuses == [200] * 3
    assert answer.connections == 1
    backend.wait(3)


def test_pipelined_requests_are_answered_in_order(forwarding, backend):  # conformance 45
    good = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        len(one_span()),
        one_span(),
    )
    lost = b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
    last = good.replace(b"Host: x", b"Host: x\r\nConnection: close")
    assert statuses_of(forwarding, good + lost + good + last) == [200, 404, 200, 200]
    backend.wait(3)


def connect(daemon):
    return socket.create_connection(("127.0.0.1", daemon.http_port), timeout=20)


def read_to_end(connection):
    found = b""
    try:
        while piece := connection.recv(1 << 16):
            found += piece
    except ConnectionResetError:
        pass
    return found


def statuses_of(daemon, data):
    """The statuses answered on one connection that sends these bytes, up to its end."""
    with connect(daemon) as connection:
        connection.sendall(data)
        return statuses(read_to_end(connection))


def statuses(data):
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d+)", data)]


def test_the_answer_to_http_1_0_closes_the_connection(forwarding):
    body = one_span()
    head = b"POST /v1/traces HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert statuses_of(forwarding, head + body) == [200]


def test_answers_are_compressed_only_on_request(forwarding):  # conformance 44
    plain = post(forwarding, one_span(), JSON)
    assert "content-encoding" not in plain.headers
    asked = post(forwarding, b"{", JSON, "--compressed")
    assert json.loads(asked.body)["message"]


@pytest.mark.parametrize("content_type, body", [(PROTOBUF, b"\x0a\xff"), (JSON, b"{"), (JSON, b"\xff\xfe")])
def test_undecodable_data_gets_400_with_details(content_type, body, forwarding):  # conformance 34, 35
    answer = post(forwarding, body, content_type)
    assert answer.status == 400
    assert_is_status(answer, content_type)
    if content_type == PROTOBUF:
        (detail,) = status_pb2.Status.FromString(answer.body).details
        assert detail.type_url.endswith("google.rpc.BadRequest")


def test_partial_success_in_both_encodings(forwarding, backend):  # conformance 33
    request = otlp.traces(3, trace_ids=[bytes(16), b"x" * 16, bytes(16)])
    answer = post(forwarding, request.SerializeToString())
    found = trace_service_pb2.ExportTraceServiceResponse.FromString(answer.body).partial_success
    assert (answer.status, found.rejected_spans, bool(found.error_message)) == (200, 2, True)
    answer = post(forwarding, as_json(request), JSON)
    found = json.loads(answer.body)["partialSuccess"]
    assert (answer.status, int(found["rejectedSpans"]), bool(found["errorMessage"])) == (200, 2, True)
    assert [len(otlp.spans(message)) for message in backend.wait(2)] == [1, 1]


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_oversized_bodies_get_413_before_and_after_decompression(content_type, start):  # conformance 36, 47
    daemon = start("{receivers: {otlp: {protocols: {http: {max_request_body_size: 100000}}}}}")
    for body, headers in [
        (bytes(100_001), []),
        (bytes(100_001), ["Transfer-Encoding: chunked"]),
        (gzip.compress(bytes(50 << 20)), ["Content-Encoding: gzip"]),
        (gzip.compress(bytes(50 << 20)), ["Content-Encoding: gzip", "Transfer-Encoding: chunked"]),
        (zlib.compress(bytes(100_001)), ["Content-Encoding: deflate"]),
    ]:
        answer = post(daemon, body, content_type, headers=headers)
        assert answer.status == 413
        assert_is_status(answer, content_type)
        assert "retry-after" not in answer.headers
    assert post(daemon, one_span(), JSON).status == 200


def test_a_body_of_exactly_the_limit_is_taken(start):  # conformance 36
    body = otlp.traces(size=5000).SerializeToString()
    daemon = start("{receivers: {otlp: {protocols: {http: {max_request_body_size: %d}}}}}" % len(body))
    assert post(daemon, body).status == 200
    assert post(daemon, gzip.compress(body), headers=["Content-Encoding: gzip"]).status == 200


OVERLOADED = """
exporters:
  otlp_http:
    sending_queue: {queue_size: 1, num_consumers: 1}
"""


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_a_full_queue_is_answered_retryably(content_type, start, backend):  # conformance 41, 42
    daemon = start(OVERLOADED)
    gate = threading.Event()
    backend.decide = lambda _: Answer(hold=gate)
    body = otlp.traces().SerializeToString() if content_type == PROTOBUF else one_span()
    answers = [post(daemon, body, content_type) for _ in range(5)]
    refused = [answer for answer in answers if answer.status != 200]
    assert refused and len(refused) < 5
    for answer in refused:
        assert answer.status in (429, 503)
        assert_is_status(answer, content_type)
        assert int(answer.headers.get("retry-after", "1")) >= 0
    gate.set()
    poll(lambda: len(backend.messages()) == 5 - len(refused), what="what was accepted")
    assert post(daemon, body, content_type).status == 200


def test_a_backend_outage_without_a_queue_reaches_the_client_as_503(start):  # conformance 42
    daemon = start(
        "exporters: {otlp_http: {endpoint: 'http://127.0.0.1:1', sending_queue: {enabled: false},"
        " retry_on_failure: {enabled: false}}}"
    )
    assert post(daemon, one_span(), JSON).status == 503


def test_paths_can_be_configured(start, backend):  # conformance 48
    daemon = start("{receivers: {otlp: {protocols: {http: {traces_url_path: /custom}}}}}")
    assert Curl(f"{daemon.http}/custom", body=one_span(), headers=[JSON]).status == 200
    assert Curl(f"{daemon.http}/v1/traces", body=one_span(), headers=[JSON]).status == 404
    backend.wait(1)


def test_localhost_means_both_address_families(start):
    daemon = start("{receivers: {otlp: {protocols: {http: {endpoint: 'localhost:0'}}}}}")
    line = daemon.wait_for_log("OTLP/HTTP on .*").group()
    assert "127.0.0.1" in line
    if "::1" in line:
        port = line.rsplit(":", 1)[1]
        assert Curl(f"http://[::1]:{port}/v1/traces", body=one_span(), headers=[JSON]).status == 200

"""92 recorded OTLP/HTTP requests get the answers an OpenTelemetry Collector gave, where these are rules."""

import base64
import gzip
import http.client
import json
import pathlib
import socket

import pytest
from google.protobuf.json_format import Parse
from google.rpc import status_pb2

from canonical import canonical
from otlp import REQUESTS

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "Golden" / "otlp"
CASES = [json.loads(line) for line in (GOLDEN / "http.jsonl").read_text().splitlines()]

# Where the specification leaves a choice and ours is another: what is forwarded.
OUR_CHOICE = {"json-snake-case": {}}  # conformance 54: the original names are unknown keys


def exchange(port, request):
    """Sends a recorded request on a connection of its own."""
    if "raw_base64" in request:
        connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        connection.sendall(base64.b64decode(request["raw_base64"]))
        response = http.client.HTTPResponse(connection, method="POST")
        response.begin()
        answer = response, response.read()
        connection.close()
        return answer
    body = request["body_text"].encode() if "body_text" in request else base64.b64decode(request.get("body_base64", ""))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(request["method"], request["path"], skip_accept_encoding=True)
    for name, value in request["headers"]:
        connection.putheader(name, value)
    size = request.get("chunk_size")
    connection.putheader(*(("Transfer-Encoding", "chunked") if size else ("Content-Length", str(len(body)))))
    connection.endheaders()
    try:
        if size:
            pieces = [body[start : start + size] for start in range(0, len(body), size)]
            for piece in [*pieces, b""]:
                connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        else:
            connection.send(body)
    except (BrokenPipeError, ConnectionResetError):
        pass  # The answer came before the end of the body.
    response = connection.getresponse()
    answer = response, response.read()
    connection.close()
    return answer


def media_type(value):
    return (value or "").split(";")[0].strip().lower()


def assert_is_success(body, is_json):
    if is_json:
        assert json.loads(body) in ({}, {"partialSuccess": {}})
    else:
        assert body in (b"", b"\x0a\x00")


def assert_is_status(body, is_json, recorded):
    def parse(text):
        if not is_json:
            return status_pb2.Status.FromString(text)
        return Parse(text, status_pb2.Status(), ignore_unknown_fields=True)

    status = parse(body)
    assert status.code == parse(recorded).code
    assert status.message


def everything_forwarded(backend, start):
    """What came since `start`, by path, as the recordings have it."""
    found = {}
    for received in backend.received[start:]:
        document = canonical(received.plain, REQUESTS[received.signal].DESCRIPTOR)
        for key, value in document.items():
            found.setdefault(f"/v1/{received.signal}", {}).setdefault(key, []).extend(value)
    return found


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """One daemon for all requests, and its backend."""
    from backend import Backend
    from daemon import Needletail

    with Backend() as backend:
        daemon = Needletail(
            tmp_path_factory.mktemp("golden"),
            (GOLDEN / "config.yaml").read_text(),
            {"OTLP_HTTP_PORT": "0", "SINK_PORT": backend.http.rsplit(":", 1)[1]},
            # The recording's configuration keeps the log quiet; the port is read from it.
            arguments=["--set", "service.telemetry.logs.level=info"],
            base=None,
        )
        try:
            yield daemon.wait_until_ready(), backend
            daemon.stop()
        finally:
            daemon.destroy()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_recorded_request(case, running):
    daemon, backend = running
    before = len(backend.received)
    response, body = exchange(daemon.http_port, case["request"])
    recorded, compare = case["response"], case["compare"]

    assert response.status in compare["status"], body
    if response.getheader("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    if response.status == recorded["status"]:
        is_json = media_type(recorded["content_type"]) == "application/json"
        if compare["content_type"]:
            assert media_type(response.getheader("Content-Type")) == media_type(recorded["content_type"])
        if compare["body"] == "success":
            assert_is_success(body, is_json)
        elif compare["body"] == "status":
            assert_is_status(body, is_json, bytes.fromhex(recorded["body_hex"]))

    forwarded = everything_forwarded(backend, before)
    if compare["forwarded"] == "never":
        if response.status >= 400:
            assert not forwarded
    elif compare["forwarded"] == "always" or response.status == recorded["status"]:
        expected = OUR_CHOICE.get(case["name"], case["forwarded"] or {})
        assert forwarded == {path: document for path, document in expected.items() if document}


def test_all_cases_are_here():
    assert len(CASES) == 92

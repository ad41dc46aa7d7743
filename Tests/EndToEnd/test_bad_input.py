"""Bad input gets its answer, the next good request succeeds, memory stays bounded, others lose nothing."""

import gzip
import random
import socket
import struct
import threading
import time
import zlib

import pytest
import requests
from grpc import StatusCode

import grpc
import otlp
from daemon import poll
from http2 import Connection, length_prefixed
from otlp import Client

PROTOBUF = {"Content-Type": "application/x-protobuf"}
GOOD = otlp.traces(3, attributes={"route": "/basket", "size": 3}).SerializeToString()


def field(number, data):
    """A length-delimited field."""
    size, encoded = len(data), b""
    while size > 0x7F:
        encoded += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([number << 3 | 2]) + encoded + bytes([size]) + data


def in_span(data):
    """A request with one span that has this data after its ids."""
    span = field(1, b"t" * 16) + field(2, b"s" * 8) + data
    return field(1, field(2, field(2, span)))


def nested(depth):
    """An attribute value of arrays within arrays."""
    value = b""
    for _ in range(depth):
        value = field(5, field(1, value))
    return in_span(field(9, field(1, b"deep") + field(2, value)))


BAD_PROTOBUF = {
    "truncated within a span": GOOD[:-7],
    "truncated within a length": GOOD[:2] + b"\xff",
    "mistyped: a span that is a number": field(1, field(2, b"\x10\x05")),
    "mistyped: a name that is fixed64": in_span(b"\x29" + bytes(8)),
    "over-deep": nested(10_000),
    "over-long: a length of 2^63": b"\x0a" + b"\xff" * 8 + b"\x7f" + b"x",
    "over-long: a varint of eleven bytes": in_span(b"\x30" + b"\xff" * 10 + b"\x01"),
    "an end group": in_span(b"\x0c"),
    "field number 0": b"\x02\x00",
    "non-UTF-8 name": in_span(field(5, b"\xff\xfe")),
    "non-UTF-8 key": in_span(field(9, field(1, b"\xc3"))),
    "surrogate in UTF-8": in_span(field(5, b"\xed\xa0\x80")),
}
BAD_JSON = {
    "truncated": b'{"resourceSpans":[{"scopeSpans":[{"spans":[',
    "mistyped": b'{"resourceSpans":5}',
    "nesting bomb": b'{"resourceSpans":' + b"[" * 100_000,
    "nesting bomb of unknown fields": b'{"x":' + b'{"x":' * 50_000,
    "number bomb": b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":1e999999999}]}]}]}',
    "non-UTF-8": b'{"resourceSpans":[{"schemaUrl":"\xff"}]}',
    "not JSON": b"hello",
    "empty": b"",
    "trailing text": b"{} {}",
}


def post(daemon, body, headers=PROTOBUF):
    return requests.post(f"{daemon.http}/v1/traces", data=body, headers=headers, timeout=20)


def assert_still_works(daemon, backend):
    """A good request goes through."""
    before = len(backend.messages())
    assert post(daemon, otlp.traces(names=["good"]).SerializeToString()).status_code == 200
    poll(lambda: len(backend.messages()) == before + 1, what="the good request")
    assert otlp.names(backend.messages()[-1]) == ["good"]


@pytest.mark.parametrize("name", BAD_PROTOBUF)
def test_bad_protobuf(name, forwarding, backend):
    answer = post(forwarding, BAD_PROTOBUF[name])
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/x-protobuf")
    with Client(forwarding.grpc) as client:
        with pytest.raises(grpc.RpcError) as caught:
            client.method(raw=True)(BAD_PROTOBUF[name], timeout=10)
        assert caught.value.code() in (StatusCode.INVALID_ARGUMENT, StatusCode.INTERNAL)
        client.export(otlp.traces())
    backend.wait(1)
    assert_still_works(forwarding, backend)


@pytest.mark.parametrize("name", BAD_JSON)
def test_bad_json(name, forwarding, backend):
    answer = post(forwarding, BAD_JSON[name], {"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/json")
    assert answer.json()["message"]
    assert_still_works(forwarding, backend)


@pytest.mark.parametrize(
    "coding, body",
    [
        ("gzip", b"no gzip at all"),
        ("gzip", gzip.compress(GOOD)[:-9]),
        ("gzip", gzip.compress(GOOD)[:-8] + bytes(8)),
        ("gzip", gzip.compress(GOOD) + b"trailing"),
        ("gzip", b""),
        ("deflate", zlib.compress(GOOD)[:-1]),
    ],
    ids=["no gzip", "truncated", "wrong checksum", "trailing text", "nothing", "truncated deflate"],
)
def test_bad_compression(coding, body, forwarding, backend):  # conformance 38
    assert post(forwarding, body, PROTOBUF | {"Content-Encoding": coding}).status_code == 400
    assert_still_works(forwarding, backend)


def test_gzip_bombs_do_not_grow_memory(start, backend):  # conformance 7, 47
    daemon = start("{receivers: {otlp: {protocols: {http: {max_request_body_size: 8388608}}}}}")
    bomb = gzip.compress(bytes(256 << 20))
    assert_still_works(daemon, backend)
    before = daemon.resident_bytes()
    threads = [
        threading.Thread(target=lambda: [post(daemon, bomb, PROTOBUF | {"Content-Encoding": "gzip"}) for _ in range(3)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    highest = before
    while any(thread.is_alive() for thread in threads):
        highest = max(highest, daemon.resident_bytes())
        time.sleep(0.005)
    assert highest - before < 64 << 20
    assert post(daemon, bomb, PROTOBUF | {"Content-Encoding": "gzip"}).status_code == 413
    assert_still_works(daemon, backend)


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=15)


HEAD = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"


def test_a_body_shorter_than_announced_is_not_taken(forwarding, backend):  # conformance 46
    with connect(forwarding.http_port) as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % (len(GOOD) + 10) + GOOD)
        connection.shutdown(socket.SHUT_WR)
        assert b" 200 " not in connection.recv(1000)
    assert_still_works(forwarding, backend)
    assert len(backend.messages()) == 1


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nxxxxxx",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 99999999999999999999999\r\n\r\nx",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50),
        b"nonsense\r\n\r\n",
        b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200_000,
    ],
    ids=["two lengths", "negative", "huge", "bad chunk", "huge chunk", "TLS", "nonsense", "endless header"],
)
def test_broken_http_gets_an_error_or_the_end(head, forwarding, backend):  # conformance 46
    with connect(forwarding.http_port) as connection:
        try:
            connection.sendall(head)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(1 << 16):
                answer += piece
        except (ConnectionResetError, BrokenPipeError):
            answer = b""
        assert not answer or answer.startswith(b"HTTP/1.1 4"), answer[:200]
    assert_still_works(forwarding, backend)


def test_trickled_heads_and_bodies_time_out(start, backend):  # conformance 46
    daemon = start("{receivers: {otlp: {protocols: {http: {read_header_timeout: 500ms, read_timeout: 700ms}}}}}")
    for text in (HEAD, HEAD + b"Content-Length: 1000\r\n\r\n"):
        with connect(daemon.http_port) as connection:
            began = time.monotonic()
            connection.settimeout(0.05)
            ended = False
            for index in range(200):
                try:
                    connection.sendall(text[index : index + 1] if index < len(text) - 4 and text == HEAD else b"x")
                    if text != HEAD and index == 0:
                        connection.sendall(b"")
                    ended = connection.recv(100) == b"" or ended
                except TimeoutError:
                    continue
                except (ConnectionResetError, BrokenPipeError):
                    ended = True
                if ended:
                    break
            assert ended
            assert time.monotonic() - began < 5
    assert_still_works(daemon, backend)


def test_announced_and_never_sent_bodies_hold_little_memory(forwarding, backend):
    before = forwarding.resident_bytes()
    connections = [connect(forwarding.http_port) for _ in range(100)]
    for connection in connections:
        connection.sendall(HEAD + b"Content-Length: 60000000\r\n\r\n" + b"x" * 1000)
    assert_still_works(forwarding, backend)
    assert forwarding.resident_bytes() - before < 64 << 20
    for connection in connections:
        connection.close()
    assert_still_works(forwarding, backend)


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 100,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + struct.pack(">I", 1 << 8 | 0x0) + bytes(5) + b"x",
    ],
    ids=["nonsense", "HTTP/1.1", "broken frames", "no settings"],
)
def test_broken_http2_ends_that_connection_only(data, forwarding, backend):
    with connect(forwarding.grpc_port) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        try:
            while connection.recv(1 << 16):
                pass
        except ConnectionResetError:
            pass
    with Client(forwarding.grpc) as client:
        client.export(otlp.traces())
    backend.wait(1)


def test_cancelled_calls_take_nothing_from_others(forwarding, backend):
    with Connection(forwarding.grpc_port) as connection:
        for _ in range(20):
            stream = connection.request()
            connection.send(stream, length_prefixed(GOOD)[:-5])
            connection.h2.reset_stream(stream, 8)
            connection.flush()
        stream = connection.request()
        connection.send(stream, length_prefixed(otlp.traces(names=["mine"]).SerializeToString()), end=True)
        assert connection.answer(stream)[0]["grpc-status"] == "0"
    assert [otlp.names(message) for message in backend.wait(1)] == [["mine"]]


def test_mutated_bytes_cost_no_one_else_anything(forwarding, backend):
    """Good clients send while another sends rubbish: every good span arrives once and memory stays bounded."""
    rubbish = random.Random(20)
    sent = [[f"{client}-{index}" for index in range(150)] for client in range(2)]
    done = threading.Event()
    before = forwarding.resident_bytes()

    def good(names):
        with requests.Session() as session:
            for name in names:
                body = otlp.traces(names=[name]).SerializeToString()
                assert session.post(f"{forwarding.http}/v1/traces", data=body, headers=PROTOBUF, timeout=20).ok

    def bad():
        with requests.Session() as session:
            while not done.is_set():
                body = bytearray(GOOD)
                for _ in range(rubbish.randint(1, 4)):
                    body[rubbish.randrange(len(body))] = rubbish.randrange(256)
                body = bytes(body[: rubbish.randint(0, len(body))])
                answer = session.post(f"{forwarding.http}/v1/metrics", data=body, headers=PROTOBUF, timeout=20)
                assert answer.status_code in (200, 400)

    vandal = threading.Thread(target=bad)
    vandal.start()
    honest = [threading.Thread(target=good, args=[names]) for names in sent]
    for thread in honest:
        thread.start()
    for thread in honest:
        thread.join()
    done.set()
    vandal.join()
    expected = sorted(name for names in sent for name in names)
    poll(lambda: len(backend.messages()) >= len(expected), what="the good spans")
    assert otlp.names(*backend.messages()) == expected
    assert forwarding.resident_bytes() - before < 32 << 20

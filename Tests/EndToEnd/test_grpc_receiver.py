"""OTLP/gRPC in, with grpcio as the client and raw HTTP/2 where grpcio behaves too well (conformance 1 to 27)."""

import gzip
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import h2.events
import h2.settings
import pytest
from grpc import StatusCode
from grpc_health.v1 import health_pb2, health_pb2_grpc

import otlp
from backend import Answer
from daemon import poll
from http2 import Connection, length_prefixed
from otlp import METHODS, Client, readable, rich_status

SMALL_LIMIT = "{receivers: {otlp: {protocols: {grpc: {max_recv_msg_size_mib: 1}}}}}"


@pytest.fixture
def client(forwarding):
    with Client(forwarding.grpc) as client:
        yield client


def failure(call, *arguments, **options):
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments, **options)
    return caught.value


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
@pytest.mark.parametrize("kind, make", [("traces", otlp.traces), ("metrics", otlp.gauge), ("logs", otlp.logs)])
def test_each_signal_is_taken_and_forwarded(kind, make, compression, client, backend):  # conformance 1, 2, 8
    request = make()
    response = client.method(kind, raw=True)(request.SerializeToString(), timeout=10, compression=compression)
    assert response == b""
    (arrived,) = backend.wait(1, kind)
    assert readable(arrived) == readable(request)


def test_empty_requests_succeed_and_nothing_is_forwarded(client, backend):  # conformance 9, 73
    for kind in METHODS:
        assert client.method(kind, raw=True)(b"", timeout=10) == b""
    envelope = otlp.REQUESTS["traces"]()
    envelope.resource_spans.add().scope_spans.add()
    client.export(envelope)
    client.export(otlp.traces(names=["real"]))
    backend.wait(1)
    assert [otlp.names(message) for message in backend.messages()] == [["real"]]


def test_partial_success_counts_exactly_the_invalid_spans(client, backend):  # conformance 10, 65
    request = otlp.traces(5, names=["a", "b", "c", "d", "e"])
    spans = otlp.spans(request)
    spans[1].trace_id = bytes(16)
    spans[3].span_id = b"short"
    response = client.export(request)
    assert response.partial_success.rejected_spans == 2
    assert response.partial_success.error_message
    (arrived,) = backend.wait(1)
    assert otlp.names(arrived) == ["a", "c", "e"]


def test_partial_success_counts_exactly_the_invalid_points(client, backend):  # conformance 10, 66, 67
    request = otlp.gauge()
    metrics = request.resource_metrics[0].scope_metrics[0].metrics
    metrics[0].gauge.data_points.add(time_unix_nano=otlp.NOW)  # no value
    histogram = metrics.add(name="h").histogram
    histogram.aggregation_temporality = 2
    histogram.data_points.add(time_unix_nano=otlp.NOW, count=1, bucket_counts=[1, 0], explicit_bounds=[1, 2])
    histogram.data_points.add(time_unix_nano=otlp.NOW, count=3, bucket_counts=[1, 2], explicit_bounds=[1])
    response = client.export(request, "metrics")
    assert response.partial_success.rejected_data_points == 2
    (arrived,) = backend.wait(1, "metrics")
    kept = arrived.resource_metrics[0].scope_metrics[0].metrics
    assert [len(kept[0].gauge.data_points), len(kept[1].histogram.data_points)] == [1, 1]


def test_undecodable_protobuf_is_not_retryable(client):  # conformance 13
    error = failure(client.method(raw=True), b"\x0a\xff\xff", timeout=10)
    assert error.code() in (StatusCode.INVALID_ARGUMENT, StatusCode.INTERNAL)
    client.export(otlp.traces())


def test_a_message_over_the_limit_is_refused_without_retry_info(start, backend):  # conformance 6
    daemon = start(SMALL_LIMIT)
    with Client(daemon.grpc) as client:
        error = failure(client.export, otlp.traces(3, size=400_000))
        assert error.code() is StatusCode.RESOURCE_EXHAUSTED
        assert rich_status(error)[1] is None
        client.export(otlp.traces(2, size=400_000))
    backend.wait(1)


def test_a_gzip_bomb_is_refused_and_costs_no_memory(start, backend):  # conformance 7
    daemon = start("{receivers: {otlp: {protocols: {grpc: {max_recv_msg_size_mib: 8}}}}}")
    with Client(daemon.grpc) as client:
        client.export(otlp.traces())
        before = daemon.resident_bytes()
        bomb = bytes(200 << 20)
        error = failure(client.method(raw=True), bomb, timeout=20, compression=grpc.Compression.Gzip)
        assert error.code() is StatusCode.RESOURCE_EXHAUSTED
        assert rich_status(error)[1] is None
        assert daemon.resident_bytes() - before < 24 << 20
        client.export(otlp.traces())


def call_by_hand(port, body, **options):
    """One call with these bytes as the request's data; headers and trailers, data."""
    with Connection(port) as connection:
        stream = connection.request(**options)
        connection.send(stream, body, end=True)
        return connection.answer(stream)


def test_an_unsupported_encoding_is_unimplemented_and_the_supported_ones_are_named(forwarding):  # conformance 3
    headers, _ = call_by_hand(
        forwarding.grpc_port, length_prefixed(b"snappy?", True), headers=[("grpc-encoding", "snappy")]
    )
    assert headers["grpc-status"] == str(StatusCode.UNIMPLEMENTED.value[0])
    accepted = [coding.strip() for coding in headers["grpc-accept-encoding"].split(",")]
    assert "gzip" in accepted and "snappy" not in accepted


def test_compressed_without_an_encoding_is_internal(forwarding):  # conformance 4
    headers, _ = call_by_hand(forwarding.grpc_port, length_prefixed(gzip.compress(b""), True))
    assert headers["grpc-status"] == str(StatusCode.INTERNAL.value[0])


def test_corrupt_gzip_is_internal_and_the_connection_stays_usable(forwarding, backend):  # conformance 5
    good = otlp.traces(names=["after"]).SerializeToString()
    corrupt = bytearray(gzip.compress(good))
    corrupt[-6] ^= 0xFF  # the checksum
    with Connection(forwarding.grpc_port) as connection:
        stream = connection.request(headers=[("grpc-encoding", "gzip")])
        connection.send(stream, length_prefixed(bytes(corrupt), True), end=True)
        assert connection.answer(stream)[0]["grpc-status"] == str(StatusCode.INTERNAL.value[0])
        stream = connection.request(headers=[("grpc-encoding", "gzip")])
        connection.send(stream, length_prefixed(gzip.compress(good), True), end=True)
        assert connection.answer(stream)[0]["grpc-status"] == "0"
    assert otlp.names(*backend.wait(1)) == ["after"]


def test_identity_with_an_uncompressed_message_is_taken(forwarding):  # conformance 2
    body = length_prefixed(otlp.traces().SerializeToString())
    headers, data = call_by_hand(forwarding.grpc_port, body, headers=[("grpc-encoding", "identity")])
    assert (headers[":status"], headers["grpc-status"], data) == ("200", "0", length_prefixed(b""))


def test_a_message_in_frames_of_one_byte_is_taken(forwarding, backend):  # conformance 20
    body = length_prefixed(otlp.traces(names=["drop by drop"]).SerializeToString())
    with Connection(forwarding.grpc_port) as connection:
        stream = connection.request()
        for index in range(len(body)):
            connection.send(stream, body[index : index + 1])
        connection.send(stream, b"", end=True)
        assert connection.answer(stream)[0]["grpc-status"] == "0"
    assert otlp.names(*backend.wait(1)) == ["drop by drop"]


def test_two_messages_in_a_unary_call_are_an_error_and_neither_is_taken(forwarding, backend):  # conformance 21
    body = length_prefixed(otlp.traces(names=["twice"]).SerializeToString())
    headers, _ = call_by_hand(forwarding.grpc_port, body + body)
    assert headers["grpc-status"] in {str(StatusCode.UNIMPLEMENTED.value[0]), str(StatusCode.INTERNAL.value[0])}
    with Client(forwarding.grpc) as client:
        client.export(otlp.traces(names=["once"]))
    backend.wait(1)
    assert [otlp.names(message) for message in backend.messages()] == [["once"]]


@pytest.mark.parametrize(
    "body",
    [b"", b"\0\0\0", length_prefixed(b"x" * 100)[:50], b"\x07" + length_prefixed(b"")[1:], b"\0\xff\xff\xff\xffx"],
    ids=["no message", "half a prefix", "half a message", "unknown flag", "4 GiB announced"],
)
def test_broken_framing_is_an_error(forwarding, body):  # conformance 18
    headers, _ = call_by_hand(forwarding.grpc_port, body)
    assert headers[":status"] == "200"
    assert headers["grpc-status"] not in ("0", str(StatusCode.UNAVAILABLE.value[0]))
    with Client(forwarding.grpc) as client:
        client.export(otlp.traces())


def test_unknown_methods_and_services_are_unimplemented(client):  # conformance 15
    for path in ("/opentelemetry.proto.collector.trace.v1.TraceService/Import", "/no.such.Service/Export", "/x"):
        error = failure(client.channel.unary_unary(path), b"", timeout=10)
        assert error.code() is StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", None])
def test_other_content_types_get_http_415(forwarding, content_type):  # conformance 16
    headers, _ = call_by_hand(forwarding.grpc_port, length_prefixed(b""), content_type=content_type)
    assert headers[":status"] == "415"


def test_the_proto_subtype_is_accepted(forwarding):  # conformance 17
    headers, _ = call_by_hand(forwarding.grpc_port, length_prefixed(b""), content_type="application/grpc+proto")
    assert headers["grpc-status"] == "0"


def test_error_messages_are_percent_encoded(forwarding):  # conformance 19
    headers, _ = call_by_hand(forwarding.grpc_port, length_prefixed(b""), path="/ümlaut%")
    assert headers["grpc-status"] == str(StatusCode.UNIMPLEMENTED.value[0])
    assert headers["grpc-message"].isascii()


SLOW = """
exporters:
  otlp_http: {sending_queue: {enabled: false}}
"""


def test_a_hundred_calls_at_once_are_all_answered_and_none_waits_for_a_slow_one(start, backend):  # conformance 22
    daemon = start(SLOW)
    gate = threading.Event()
    backend.decide = lambda message: Answer(hold=gate) if otlp.names(message) == ["slow"] else None
    with Client(daemon.grpc) as client:
        slow = client.method().future(otlp.traces(names=["slow"]), timeout=60)
        backend.wait(1)
        calls = [client.method().future(otlp.traces(), timeout=30) for _ in range(100)]
        for call in calls:
            call.result()
        assert not slow.done()
        gate.set()
        slow.result()
    assert len(backend.messages()) == 101


def test_the_deadline_ends_a_call(start, backend):  # conformance 23
    daemon = start(SLOW)
    backend.answers.append(Answer(hold=threading.Event()))
    with Connection(daemon.grpc_port) as connection:
        stream = connection.request(headers=[("grpc-timeout", "300m")])
        connection.send(stream, length_prefixed(otlp.traces().SerializeToString()), end=True)
        headers, _ = connection.answer(stream)
    assert headers["grpc-status"] == str(StatusCode.DEADLINE_EXCEEDED.value[0])
    backend.release()


def test_ten_thousand_cancelled_calls_leave_nothing_behind(forwarding, backend):  # conformance 23
    half = length_prefixed(b"x" * 60_000)[:30_000]
    with Connection(forwarding.grpc_port) as connection:

        def cancel(count):
            for _ in range(count):
                # As fast as the server's guard against rapid resets lets through: it reads before the next one.
                stream = connection.request(headers=[("grpc-timeout", "10S")])
                connection.send(stream, half[:20])
                connection.h2.reset_stream(stream, 8)
                connection.flush()
                if stream % 100 == 1:
                    connection.h2.ping(b"12345678")
                    connection.flush()
                    connection.events.clear()
                    connection.wait_for(h2.events.PingAckReceived)

        cancel(1000)
        before = forwarding.resident_bytes()
        cancel(9000)
        assert forwarding.resident_bytes() - before < 8 << 20
        stream = connection.request()
        connection.send(stream, length_prefixed(otlp.traces(names=["after"]).SerializeToString()), end=True)
        assert connection.answer(stream)[0]["grpc-status"] == "0"
    assert otlp.names(*backend.wait(1)) == ["after"]


def test_pings_are_answered_and_long_headers_do_not_end_the_connection(forwarding):  # conformance 25
    with Connection(forwarding.grpc_port) as connection:
        connection.h2.ping(b"needle!!")
        connection.flush()
        assert connection.wait_for(h2.events.PingAckReceived).ping_data == b"needle!!"
        stream = connection.request(headers=[("x-long", "y" * 5000)])
        connection.send(stream, length_prefixed(b""), end=True)
        assert connection.answer(stream)[0]["grpc-status"] == "0"
    # More than the server has said it takes ends this connection and no other.
    with Connection(forwarding.grpc_port) as connection:
        connection.request(headers=[(f"x-{index}", "y" * 10_000) for index in range(10)])
        connection.wait_for(h2.events.ConnectionTerminated)
    with Client(forwarding.grpc) as client:
        client.export(otlp.traces())


def test_health_checks(forwarding):  # conformance 26
    serving = health_pb2.HealthCheckResponse.SERVING
    with Client(forwarding.grpc) as client:
        health = health_pb2_grpc.HealthStub(client.channel)
        services = [path.split("/")[1] for path in METHODS.values()]
        for service in ["", *services]:
            assert health.Check(health_pb2.HealthCheckRequest(service=service), timeout=10).status == serving
            watch = health.Watch(health_pb2.HealthCheckRequest(service=service), timeout=10)
            assert next(watch).status == serving
            watch.cancel()
        error = failure(health.Check, health_pb2.HealthCheckRequest(service="unknown"), timeout=10)
        assert error.code() is StatusCode.NOT_FOUND
        watch = health.Watch(health_pb2.HealthCheckRequest(service="unknown"), timeout=10)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
        watch.cancel()


def test_shutdown_says_goaway_finishes_calls_and_closes(start, backend):  # conformance 24
    daemon = start(SLOW)
    gate = threading.Event()
    backend.answers.append(Answer(hold=gate))
    with Connection(daemon.grpc_port) as connection:
        stream = connection.request()
        connection.send(stream, length_prefixed(otlp.traces().SerializeToString()), end=True)
        backend.wait(1)
        daemon.signal(signal.SIGTERM)
        connection.wait_for(h2.events.ConnectionTerminated)
        gate.set()
        # h2 takes no more frames once it has seen GOAWAY: what follows is read as bytes.
        poll(lambda: not daemon.is_running, what="the end")
    books = daemon.stop()
    assert books["receiver otlp", "traces"].forwarded == 1


def test_a_call_in_flight_at_shutdown_succeeds_for_grpcio(start, backend):  # conformance 24
    daemon = start(SLOW)
    gate = threading.Event()
    backend.answers.append(Answer(hold=gate))
    with Client(daemon.grpc) as client:
        call = client.method().future(otlp.traces(), timeout=20)
        backend.wait(1)
        daemon.signal(signal.SIGTERM)
        daemon.wait_for_log("shutting down")
        gate.set()
        call.result()
        error = failure(client.export, otlp.traces(), timeout=10)
        assert error.code() is StatusCode.UNAVAILABLE
    daemon.stop()


def test_many_clients_at_once_lose_and_double_nothing(forwarding, backend):
    sent = [[f"{client}-{request}" for request in range(25)] for client in range(8)]

    def run(all_names):
        with Client(forwarding.grpc) as client:
            for name in all_names:
                client.export(otlp.traces(names=[name]))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, sent))
    assert otlp.names(*backend.wait(200)) == sorted(name for names in sent for name in names)


def test_waiting_calls_do_not_keep_the_daemon_from_stopping(start, backend):
    daemon = start(SLOW)
    with Connection(daemon.grpc_port) as connection:
        stream = connection.request()
        connection.send(stream, length_prefixed(b"x" * 100)[:20])
        began = time.monotonic()
        daemon.signal(signal.SIGTERM)
        assert daemon.wait() == 0
        assert time.monotonic() - began < 12

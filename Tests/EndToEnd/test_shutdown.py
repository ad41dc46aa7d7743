"""SIGTERM stops taking and delivers what was taken; a second one ends at once (conformance 94, 236)."""

import signal
import socket
import threading
import time

import pytest
import requests

import otlp
from backend import Answer
from daemon import poll
from otlp import Client

PROTOBUF = {"Content-Type": "application/x-protobuf"}


def send(daemon, message):
    body = message.SerializeToString()
    return requests.post(f"{daemon.http}/v1/traces", data=body, headers=PROTOBUF, timeout=20).status_code


def test_what_was_accepted_is_delivered_to_a_slow_backend(start, backend):
    daemon = start("exporters: {otlp_http: {sending_queue: {num_consumers: 1}}}")
    gate = threading.Event()
    backend.decide = lambda _: Answer(hold=gate)
    for index in range(30):
        assert send(daemon, otlp.traces(names=[f"{index:02}"])) == 200
    backend.wait(1)
    daemon.signal(signal.SIGTERM)
    daemon.wait_for_log("shutting down")
    gate.set()
    books = daemon.stop()["exporter otlp_http", "traces"]
    assert otlp.names(*backend.messages()) == [f"{index:02}" for index in range(30)]
    assert (books.received, books.forwarded) == (30, 30)


def test_batches_leave_before_their_timeout(start, backend):
    daemon = start("""
processors: {batch: {timeout: 1h, send_batch_size: 10000}}
service: {pipelines: {traces: {processors: [batch]}}}
""")
    for index in range(5):
        assert send(daemon, otlp.traces(names=[f"{index}"])) == 200
    daemon.stop()
    assert otlp.names(*backend.messages()) == ["0", "1", "2", "3", "4"]


def test_what_cannot_be_delivered_is_counted(start, backend):
    daemon = start("exporters: {otlp_http: {endpoint: 'http://127.0.0.1:1'}}")
    assert send(daemon, otlp.traces(7)) == 200
    began = time.monotonic()
    books = daemon.stop()["exporter otlp_http", "traces"]
    assert time.monotonic() - began < 14
    assert (books.received, books.forwarded, sum(books.dropped.values())) == (7, 0, 7)


def test_a_second_signal_ends_at_once(start, backend):
    daemon = start()
    backend.decide = lambda _: Answer(hold=threading.Event())
    assert send(daemon, otlp.traces()) == 200
    backend.wait(1)
    daemon.signal(signal.SIGTERM)
    daemon.wait_for_log("shutting down")
    assert daemon.is_running
    began = time.monotonic()
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() != 0
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_daemon_ends_at_once(number, start):
    daemon = start()
    with Client(daemon.grpc) as client, requests.Session() as session:
        client.export(otlp.traces())
        session.post(f"{daemon.http}/v1/traces", data=b"", headers=PROTOBUF, timeout=10)
        # The idle connections of both protocols do not keep it.
        began = time.monotonic()
        daemon.signal(number)
        assert daemon.wait() == 0
        assert time.monotonic() - began < 3


@pytest.mark.parametrize("exporter", ["otlp_http", "otlp_grpc"])
def test_connections_that_are_still_being_opened_do_not_keep_it(exporter, start):
    """A backend that takes one connection and lets all others wait in its queue, which is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        daemon = start(f"""
exporters:
  {exporter}/full:
    endpoint: "http://127.0.0.1:{port}"
    timeout: 1s
    retry_on_failure: {{enabled: false}}
service: {{pipelines: {{traces: {{exporters: [{exporter}/full]}}}}}}
""")
        for _ in range(20):
            assert send(daemon, otlp.traces()) == 200
        taken = []
        full.settimeout(0.2)
        daemon.signal(signal.SIGTERM)

        def ended():
            try:
                taken.append(full.accept()[0])
            except TimeoutError:
                pass
            return not daemon.is_running

        poll(ended, seconds=14, what="the end")
        for connection in taken:
            connection.close()
        daemon.stop()


def test_nothing_is_lost_or_doubled_when_it_stops_under_load(start, backend):
    """What clients were told yes arrives once, what they were told no does not (it may have been sent again)."""
    daemon = start()
    accepted = []
    stop = threading.Event()

    def load(number):
        with requests.Session() as session:
            index = 0
            while not stop.is_set():
                index += 1
                name = f"{number}-{index}"
                try:
                    answer = session.post(
                        f"{daemon.http}/v1/traces",
                        data=otlp.traces(names=[name]).SerializeToString(),
                        headers=PROTOBUF,
                        timeout=10,
                    )
                except requests.RequestException:
                    continue
                if answer.status_code == 200:
                    accepted.append(name)

    threads = [threading.Thread(target=load, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    poll(lambda: len(accepted) > 200, what="some load")
    daemon.signal(signal.SIGTERM)
    daemon.wait()
    stop.set()
    for thread in threads:
        thread.join()
    daemon.stop()
    arrived = otlp.names(*backend.messages())
    assert len(arrived) == len(set(arrived))
    assert set(accepted) <= set(arrived)

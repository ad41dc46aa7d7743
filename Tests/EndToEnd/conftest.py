"""Fixtures: daemons whose books must balance at the end of every test, and backends for them to send to."""

import signal

import pytest

import captures
import otlp
from backend import Backend
from daemon import Needletail


@pytest.fixture
def start(tmp_path, backend):
    """Starts daemons that forward to `backend` unless their configuration says otherwise.

    At the end of the test each must end cleanly on SIGTERM, with books that balance.
    """
    daemons = []

    def launch(config="", env=None, ready=True, **options):
        places = {"BACKEND": backend.http, "BACKEND_GRPC": backend.grpc}
        daemon = Needletail(tmp_path / f"needletail-{len(daemons)}", config, places | (env or {}), **options)
        daemons.append(daemon)
        return daemon.wait_until_ready() if ready else daemon

    yield launch
    try:
        for daemon in daemons:
            if daemon.is_running:
                daemon.signal(signal.SIGCONT)
                daemon.stop()
    finally:
        for daemon in daemons:
            daemon.destroy()
            print(f"--- log of {daemon.directory.name}, exit status {daemon.process.returncode}")
            print(daemon.text())


@pytest.fixture
def backend():
    """A backend that takes OTLP by HTTP and by gRPC, answers as told and remembers everything."""
    with Backend() as backend:
        yield backend


@pytest.fixture
def forwarding(start):
    """A daemon that forwards everything to `backend` by OTLP/HTTP."""
    return start()


@pytest.fixture
def captured(start, tmp_path):
    """A directory with `capture.jsonl`: everything a daemon without a sampler took, metrics included."""
    messages, failed, slow = captures.shop()
    daemon = start(f"""
exporters: {{file: {{path: {tmp_path}/capture.jsonl}}}}
service:
  pipelines:
    traces: {{receivers: [otlp], exporters: [file]}}
    metrics: {{receivers: [otlp], exporters: [file]}}
""")
    for message in messages:
        otlp.send(daemon, message)
    otlp.send(daemon, otlp.gauge(), "metrics")
    daemon.stop()
    (tmp_path / "new.yaml").write_text(captures.SAMPLING % f"{captures.ERRORS}, {captures.SLOW}")
    (tmp_path / "old.yaml").write_text(captures.SAMPLING % captures.ERRORS)
    return tmp_path, failed, slow

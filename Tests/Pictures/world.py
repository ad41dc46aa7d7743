"""A demo to draw: with a backend that is sometimes away and sometimes wrong, and a Prometheus that watches."""

import contextlib
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

from backend import Answer, Backend  # noqa: E402
from demo import start_demo, watch  # noqa: E402


def moody(_):
    """Away for 25 seconds of every five minutes, and refuses one second's requests for good."""
    second = time.time() % 300
    if 150 <= second < 175:
        return Answer(status=503)
    return Answer(status=400) if 60 <= second < 61 else Answer()


@contextlib.contextmanager
def world(directory, interval="10s"):
    """Yields a Prometheus that is being fed."""
    with Backend() as backend:
        backend.decide = moody
        fast = {"initial_interval": "1s", "max_interval": "5s"}
        daemon = start_demo(directory / "demo", backend, **{
            f"exporters.otlp_http.retry_on_failure.{key}": value for key, value in fast.items()})
        try:
            with watch(daemon, directory, interval) as prometheus:
                yield prometheus
        finally:
            daemon.stop()

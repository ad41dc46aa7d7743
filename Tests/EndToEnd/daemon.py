"""Needletail as a process: started on a configuration, watched through its log, stopped by a signal, books checked."""

import os
import pathlib
import re
import signal
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BOOKS = re.compile(r"\tbooks of (?P<branch>.+) (?P<signal>traces|metrics|logs): (?P<figures>received=.*)$")

# What most tests start from; a test lays its own file over it. Ports are the system's choice and read from the log.
BASE = """
receivers:
  otlp:
    protocols:
      grpc: {endpoint: "127.0.0.1:0"}
      http: {endpoint: "127.0.0.1:0"}
exporters:
  otlp_http:
    endpoint: "${env:BACKEND:-http://127.0.0.1:1}"
    retry_on_failure: {initial_interval: 50ms, max_interval: 200ms}
service:
  telemetry:
    metrics: {address: "127.0.0.1:0"}
  pipelines:
    traces: {receivers: [otlp], exporters: [otlp_http]}
    metrics: {receivers: [otlp], exporters: [otlp_http]}
    logs: {receivers: [otlp], exporters: [otlp_http]}
"""


def binary():
    """The executable under test: $NEEDLETAIL_BINARY, else the release build."""
    path = pathlib.Path(os.environ.get("NEEDLETAIL_BINARY", ".build/release/needletail"))
    path = path if path.is_absolute() else ROOT / path
    assert path.exists(), f"{path} is missing: run `make build`, or set NEEDLETAIL_BINARY"
    return path


def environment(extra=None):
    """This process's environment without what would change the daemon's configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return kept | (extra or {})


def poll(condition, seconds=10, what="the condition", interval=0.01):
    """Waits until `condition()` is true and returns its value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(interval)


class Books:
    """The closing statement of one branch and signal."""

    def __init__(self, branch, signal, figures):
        self.branch, self.signal, self.text = branch, signal, figures
        self.dropped = {reason: int(count) for reason, count in re.findall(r"dropped\{([^}]*)\}=(-?\d+)", figures)}
        rest = re.sub(r"dropped\{[^}]*\}=-?\d+", "", figures)
        self.__dict__.update({name: int(count) for name, count in re.findall(r"(\w+)=(-?\d+)", rest)})

    def __repr__(self):
        return f"{self.branch} {self.signal}: {self.text}"


class Needletail:
    """One running daemon."""

    def __init__(self, directory, config, env=None, arguments=(), base=BASE):
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        command = [str(binary())]
        for name, text in (("base.yaml", base), ("config.yaml", config)):
            if text:
                (directory / name).write_text(text)
                command += ["--config", str(directory / name)]
        self.log = []
        self.is_stopping = False
        self._changed = threading.Condition()
        self.process = subprocess.Popen(
            [*command, *arguments],
            cwd=directory,
            env=environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        with open(self.directory / "needletail.log", "w", encoding="utf-8") as copy:
            for line in self.process.stderr:
                copy.write(line)
                copy.flush()
                with self._changed:
                    self.log.append(line.rstrip("\n"))
                    self._changed.notify_all()

    def wait_for_log(self, pattern, seconds=20):
        """The first match of `pattern` in the log, waiting for it."""
        deadline = time.monotonic() + seconds
        seen = 0
        with self._changed:
            while True:
                for line in self.log[seen:]:
                    if match := re.search(pattern, line):
                        return match
                seen = len(self.log)
                if self.process.poll() is not None and not self._reader.is_alive():
                    raise AssertionError(f"ended with {self.process.returncode} before {pattern!r}:\n{self.text()}")
                left = deadline - time.monotonic()
                assert left > 0, f"no {pattern!r} in {seconds} s:\n{self.text()}"
                self._changed.wait(min(left, 0.2))

    def wait_until_ready(self):
        self.wait_for_log(r"is ready$")
        return self

    def _port(self, what):
        return int(self.wait_for_log(what + r" on .*?127\.0\.0\.1:(\d+)").group(1))

    @property
    def http(self):
        """Where OTLP/HTTP is taken, as a URL."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def http_port(self):
        return self._port("OTLP/HTTP")

    @property
    def grpc(self):
        """Where OTLP/gRPC is taken, as host:port."""
        return f"127.0.0.1:{self.grpc_port}"

    @property
    def grpc_port(self):
        return self._port("OTLP/gRPC")

    @property
    def own_metrics(self):
        return f"http://127.0.0.1:{self._port('own metrics')}/metrics"

    @property
    def scrape(self):
        """Where the `prometheus` exporter shows metrics."""
        return f"http://127.0.0.1:{self._port('scrape endpoint')}/metrics"

    @property
    def health(self):
        """Where the `health_check` extension answers."""
        return f"http://127.0.0.1:{self._port('health')}/"

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def text(self):
        return "\n".join(self.log)

    @property
    def is_running(self):
        return self.process.poll() is None

    def signal(self, number):
        self.is_stopping |= number == signal.SIGTERM
        os.kill(self.process.pid, number)

    def wait(self, seconds=15):
        """Waits for the end and returns the exit status."""
        status = self.process.wait(seconds)
        self._reader.join(5)
        return status

    def stop(self):
        """SIGTERM, a clean end, balanced books; returns these by (branch, signal)."""
        if self.is_running and not self.is_stopping:
            self.signal(signal.SIGTERM)
        status = self.wait()
        assert status == 0, f"exit status {status}:\n{self.text()}"
        books = self.books()
        for statement in books.values():
            assert statement.residual == 0, f"the books do not balance: {statement}\n{self.text()}"
            assert statement.held == 0, f"still held at the end: {statement}"
        return books

    def books(self):
        found = [Books(**match.groupdict()) for match in map(BOOKS.search, self.log) if match]
        return {(statement.branch, statement.signal): statement for statement in found}

    def destroy(self):
        """Ends the process without ceremony, if it still runs."""
        if self.is_running:
            self.process.kill()
            self.wait()

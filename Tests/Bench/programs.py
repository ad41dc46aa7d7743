"""The programs of a benchmark: the collectors that are measured, and otlpload in front of them and behind."""

import importlib.util
import json
import os
import pathlib
import shutil
import signal
import socket
import string
import subprocess
import time
import urllib.request

CONFIGS = pathlib.Path(__file__).parent / "configs"


class BenchError(Exception):
    """A program did not do what the benchmark needs."""


def free_ports(count):
    """Ports that nobody listens on at the moment."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def wait_for_port(port, process, seconds=20):
    """Waits until something listens on `port`; returns when that was."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return time.monotonic()
        if process.poll() is not None:
            raise BenchError(f"{process.args[0]} ended with status {process.returncode}; see {process.log}")
        time.sleep(0.0005)
    raise BenchError(f"{process.args[0]} does not listen on port {port} after {seconds} s; see {process.log}")


def start(arguments, log, environment=None):
    """Starts a process whose output goes to the file `log`."""
    with open(log, "ab") as output:
        process = subprocess.Popen(
            [str(argument) for argument in arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env={**os.environ, **(environment or {})})
    process.log = log
    return process


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def resident_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise BenchError(f"process {pid} has no VmRSS")


def idle_bytes(target):
    """Resident bytes of a target that has just been started. It listens some milliseconds before it has given back what
    only starting needed: until then this goes up and down by more than 10 MB."""
    time.sleep(0.5)
    return resident_bytes(target.process.pid)


class OTLPLoad:
    """The load generator, and the sink it reads what arrived from."""

    def __init__(self, binary, directory):
        self.binary = binary
        self.port, grpc = free_ports(2)
        self.sink = start(
            [binary, "sink", "--http", f"127.0.0.1:{self.port}", "--grpc", f"127.0.0.1:{grpc}"], directory / "sink.log")
        wait_for_port(self.port, self.sink)

    def send(self, target, *options, sink=True):
        """Sends load to a started target and returns otlpload's report."""
        return self.begin(target, *options, sink=sink).report()

    def begin(self, target, *options, sink=True):
        """Begins to send load to a started target."""
        arguments = [self.binary, "send", "--json", "--pid", target.process.pid, *options]
        if sink:
            arguments += ["--sink-stats", f"http://127.0.0.1:{self.port}/stats"]
        return Sending(arguments, target)

    def stop(self):
        stop(self.sink)


class Sending:
    """Load that is being sent."""

    def __init__(self, arguments, target):
        self.log = target.process.log
        self.process = subprocess.Popen(
            [str(argument) for argument in arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def report(self):
        """Waits for the end; returns otlpload's report."""
        output, errors = self.process.communicate()
        if self.process.returncode != 0:
            raise BenchError(f"otlpload send: {errors.strip() or output.strip()}; see {self.log}")
        return json.loads(output)


class Target:
    """A collector; a context manager that runs it for one measurement."""

    name = ""
    how_to_install = ""

    def __init__(self, directory, sink_port):
        self.directory = directory
        self.sink_port = sink_port
        self.log = directory / f"{self.name}.log"

    def available(self):
        return self.binary is not None

    def start(self, config="forward", compression="none"):
        """Starts with a configuration, by its name or as the path of a file; afterwards `ready_seconds` tells how long
        that took."""
        self.http_port, self.grpc_port, self.scrape_port = free_ports(3)
        before = time.monotonic()
        self.process = self.launch(config, compression)
        try:
            self.ready_seconds = wait_for_port(self.http_port, self.process) - before
        except BenchError:
            stop(self.process)
            raise
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process)


class Needletail(Target):
    name = "needletail"
    how_to_install = "swift build -c release --product needletail --static-swift-stdlib"

    def __init__(self, directory, sink_port, binary):
        super().__init__(directory, sink_port)
        self.binary = binary if binary.exists() else None

    def launch(self, config, compression):
        environment = {
            "BENCH_HTTP_PORT": str(self.http_port), "BENCH_GRPC_PORT": str(self.grpc_port),
            "BENCH_SCRAPE_PORT": str(self.scrape_port), "BENCH_SINK_PORT": str(self.sink_port),
            "BENCH_COMPRESSION": compression,
        }
        path = config if isinstance(config, pathlib.Path) else CONFIGS / f"{config}.yaml"
        return start([self.binary, "--config", path], self.log, environment)

    def own_metrics(self):
        """Own metrics by name, the sum of all their labels; only for configurations that serve them."""
        values = {}
        with urllib.request.urlopen(f"http://127.0.0.1:{self.scrape_port}/metrics", timeout=10) as answer:
            for line in answer.read().decode().splitlines():
                if line and not line.startswith("#"):
                    name = line.partition("{")[0].partition(" ")[0]
                    values[name] = values.get(name, 0) + float(line.rpartition("}")[2].split()[0] if "{" in line
                                                               else line.split()[1])
        return values

    def components(self):
        """What `needletail components` lists."""
        listing = subprocess.run([self.binary, "components"], capture_output=True, text=True, check=True).stdout
        return {line.split()[0].rstrip(":") for line in listing.splitlines() if line.startswith("  ")}


class Rotel(Target):
    """Rotel's agent, the program that PyPI's `rotel` carries; all settings that are not here are its defaults."""

    name = "rotel"
    how_to_install = "pip install rotel"

    def __init__(self, directory, sink_port):
        super().__init__(directory, sink_port)
        package = importlib.util.find_spec("rotel")
        binary = pathlib.Path(package.origin).parent / "rotel-agent" if package and package.origin else None
        self.binary = binary if binary and binary.exists() else None

    def launch(self, config, compression):
        return start(
            [
                self.binary, "start", "--pid-file", self.directory / "rotel.pid",
                "--otlp-http-endpoint", f"127.0.0.1:{self.http_port}",
                "--otlp-grpc-endpoint", f"127.0.0.1:{self.grpc_port}",
                "--exporter", "otlp", "--otlp-exporter-protocol", "http",
                "--otlp-exporter-endpoint", f"http://127.0.0.1:{self.sink_port}",
                "--otlp-exporter-compression", compression,
            ], self.log)


class Nginx(Target):
    name = "nginx"
    how_to_install = "apt-get install nginx-light"

    def __init__(self, directory, sink_port):
        super().__init__(directory, sink_port)
        self.binary = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")

    def launch(self, config, compression):
        text = string.Template((CONFIGS / "nginx.conf").read_text()).substitute(
            directory=self.directory, sink_port=self.sink_port, http_port=self.http_port)
        path = self.directory / "nginx.conf"
        path.write_text(text)
        return start([self.binary, "-c", path, "-p", self.directory], self.log)

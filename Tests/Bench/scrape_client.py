"""The other side of a collector that keeps metrics for scrapes: what sends points to it and what scrapes it."""

import http.client
import resource
import statistics
import subprocess
import time

from programs import BenchError

TEXT, OPENMETRICS = "text/plain", "application/openmetrics-text; version=1.0.0"
PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
PIECE = bytearray(1 << 20)


def cpu_seconds(pid):
    """The processor time that a process has used, user and system; in nanoseconds' resolution."""
    # What clock_getcpuclockid(3) computes.
    return time.clock_gettime(~pid << 3 | 2)


def send(target, requests):
    """Sends metrics requests one after the other; returns the processor time they cost the collector."""
    connection = http.client.HTTPConnection("127.0.0.1", target.http_port)
    begin = cpu_seconds(target.process.pid)
    for body in requests:
        connection.request("POST", "/v1/metrics", body=body, headers={"Content-Type": "application/x-protobuf"})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200 or b"partial" in content:
            raise BenchError(f"{target.name} refused points with {answer.status}; see {target.log}")
    connection.close()
    return cpu_seconds(target.process.pid) - begin


def scrape(target, accept=TEXT, gzip=False, use=None):
    """Scrapes once and drops what comes, or hands it to `use`; returns how many bytes came."""
    connection = http.client.HTTPConnection("127.0.0.1", target.scrape_port)
    connection.request("GET", "/metrics", headers={"Accept": accept, **({"Accept-Encoding": "gzip"} if gzip else {})})
    answer = connection.getresponse()
    if answer.status != 200:
        raise BenchError(f"{target.name} answered a scrape with {answer.status}; see {target.log}")
    size = 0
    while count := answer.readinto(PIECE):
        size += count
        if use:
            use(memoryview(PIECE)[:count])
    connection.close()
    return size


def scrape_cost(target, rounds, **options):
    """The median processor time of a scrape, sending included."""
    costs = []
    for _ in range(rounds):
        begin = cpu_seconds(target.process.pid)
        scrape(target, **options)
        costs.append(cpu_seconds(target.process.pid) - begin)
    return statistics.median(costs)


def gzip_cost(path, rounds=5):
    """The median processor time of `gzip -1` over a file."""
    def children():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime
    costs = []
    for _ in range(rounds):
        begin = children()
        subprocess.run(["gzip", "-1", "-c", path], stdout=subprocess.DEVNULL, check=True)
        costs.append(children() - begin)
    return statistics.median(costs)


def keep_text(target, path):
    """Writes what a scrape shows to a file; returns its lines and bytes."""
    lines = 0

    def write(piece):
        nonlocal lines
        lines += bytes(piece).count(b"\n")
        file.write(piece)

    with open(path, "wb") as file:
        size = scrape(target, use=write)
    return lines, size

"""Scrapers that ask and do not read: they cost little memory, and nobody else a scrape."""

import socket
import time

import otlp
import requests

PLAIN = """
exporters:
  prometheus: {endpoint: "127.0.0.1:0"}
service: {pipelines: {metrics: {exporters: [prometheus]}}}
"""
MIB = 1 << 20


def fill(daemon):
    """Series of 10 MB of text."""
    for batch in range(8):
        message = otlp.REQUESTS["metrics"]()
        group = message.resource_metrics.add()
        otlp.attribute(group.resource, "service.name", "shop")
        metric = group.scope_metrics.add().metrics.add(name="h")
        metric.histogram.aggregation_temporality = 2
        for number in range(batch * 1000, batch * 1000 + 1000):
            point = metric.histogram.data_points.add(
                start_time_unix_nano=1, time_unix_nano=time.time_ns(), count=15, sum=1
            )
            point.bucket_counts.extend([1] * 15)
            point.explicit_bounds.extend(range(1, 15))
            otlp.attribute(point, "http.route", f"/some/long/route/with/parts/{number}")
        otlp.send(daemon, message, "metrics")


def hang(port):
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    return client


def failed(daemon, reason):
    lines = requests.get(daemon.own_metrics, timeout=10).text.splitlines()
    found = [l for l in lines if l.startswith("otelcol_exporter_prometheus_failed_scrapes") and reason in l]
    return sum(float(line.rsplit(" ", 1)[1]) for line in found)


def test_a_hundred_scrapers_that_do_not_read_cost_others_nothing(start):
    daemon = start(PLAIN)
    fill(daemon)
    whole = requests.get(daemon.scrape, timeout=10)
    assert len(whole.content) > 9 * MIB
    before = daemon.resident_bytes()
    port = int(daemon.scrape.split(":")[2].split("/")[0])
    clients = [hang(port) for _ in range(100)]
    try:
        for _ in range(3):
            begun = time.monotonic()
            answer = requests.get(daemon.scrape, timeout=10)
            assert answer.status_code == 200
            assert len(answer.content) == len(whole.content)
            assert time.monotonic() - begun < 2
            assert daemon.resident_bytes() - before < 80 * MIB
            time.sleep(0.5)
        assert failed(daemon, "busy") + failed(daemon, "stalled") >= 80
    finally:
        for client in clients:
            client.close()

"""OTLP metrics requests for the scrape benchmarks, encoded by hand: the benchmarks need no packages."""

import random
import struct
import time

BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
POINTS_PER_METRIC = 1000


def varint(value):
    result = bytearray()
    while value > 0x7F:
        result.append(value & 0x7F | 0x80)
        value >>= 7
    result.append(value)
    return bytes(result)


def message(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def attribute(number, key, value):
    return message(number, message(1, key.encode()) + message(2, message(1, value.encode())))


# What all points have in common; series are told apart by `server.address` and `http.route`.
COMMON = {"http.request.method": "POST", "http.response.status_code": "200", "network.protocol.version": "1.1"}
BOUNDS_FIELD = message(7, struct.pack(f"<{len(BOUNDS)}d", *BOUNDS))
RESOURCE = message(1, b"".join(
    attribute(1, key, value) for key, value in [
        ("service.namespace", "shop"), ("service.name", "checkout"), ("service.instance.id", "checkout-7c9f-x2k4p")]))


def own_attributes(field, number):
    return attribute(field, "http.route", f"/api/v1/items/{number}") + attribute(
        field, "server.address", f"shop-{number % 100}.example.com")


class Points:
    """Makes requests of histogram series of 15 buckets and sum series; the same seed makes the same values."""

    def __init__(self, seed=1):
        self.random = random.Random(seed)
        self.common = {
            field: b"".join(attribute(field, key, value) for key, value in COMMON.items()) for field in (7, 9)}

    def histogram(self, number, times):
        counts = [self.random.randrange(20_000) for _ in range(len(BOUNDS) + 1)]
        total = sum(counts)
        return message(1, b"".join([
            times, struct.pack("<BQBd", 0x21, total, 0x29, total * self.random.random()),
            message(6, struct.pack(f"<{len(counts)}Q", *counts)), BOUNDS_FIELD, self.common[9],
            own_attributes(9, number)]))

    def sum(self, number, times):
        value = self.random.random() * 1e6
        return message(1, b"".join([
            times, struct.pack("<Bd", 0x21, value), self.common[7], own_attributes(7, number)]))

    def requests(self, histograms, sums, first=0):
        """Requests that hold a point of every series, `POINTS_PER_METRIC` series to a metric."""
        for count, name, unit, field, point, flags in [
            (histograms, "http.server.request.duration", b"s", 9, self.histogram, b"\x10\x02"),
            (sums, "http.server.request.cost", b"", 7, self.sum, b"\x10\x02\x18\x01"),
        ]:
            for start in range(first, first + count, POINTS_PER_METRIC):
                now = time.time_ns()
                times = struct.pack("<BQBQ", 0x11, now - 60_000_000_000, 0x19, now)
                end = min(start + POINTS_PER_METRIC, first + count)
                data = b"".join(point(number, times) for number in range(start, end)) + flags
                # A family holds 10 000 series.
                metric = message(1, f"{name}.{start // 10_000}".encode()) + message(3, unit) + message(field, data)
                yield message(1, RESOURCE + message(2, message(2, metric)))

"""An application as the daemon sees it: requests as traces, and the histogram that counts them."""

import os
import random
import time

import requests

import otlp

BOUNDS = [10, 100, 1000]
"""Milliseconds."""
METRIC = "http.server.duration"
SCRAPED = "http_server_duration_milliseconds"


class Shop:
    """Sends rounds of fifty requests: forty quick, seven middling, three slow; one in ten fails."""

    def __init__(self, daemon, routes=("/basket", "/pay"), seed=1):
        """Each of `routes` is a series of the histogram."""
        self.routes = routes
        self.daemon = daemon
        self.random = random.Random(seed)
        self.session = requests.Session()
        self.sent = set()
        """Trace ids in hex."""
        self.offered = set()
        """Ids that went as exemplars on points, as SDKs send them."""
        self.counts = {}
        self.sums = {}
        self.start = time.time_ns()

    def post(self, signal, message):
        answer = self.session.post(
            f"{self.daemon.http}/v1/{signal}",
            data=message.SerializeToString(),
            headers={"Content-Type": "application/x-protobuf"},
            timeout=10,
        )
        assert (answer.status_code, answer.content) == (200, b"")

    def round(self, with_exemplars=False):
        traces = otlp.REQUESTS["traces"]()
        exemplars = []
        ranges = [(1, 9)] * 40 + [(20, 90)] * 7 + [(200, 900)] * 3
        self.random.shuffle(ranges)
        for index, limits in enumerate(ranges):
            milliseconds = self.random.uniform(*limits)
            attributes = {"http.route": self.random.choice(self.routes)}
            trace = os.urandom(16)
            self.trace(traces, trace, milliseconds, attributes, fails=index % 10 == 0)
            self.count(attributes, milliseconds)
            if with_exemplars and index % 5 == 0:
                exemplars.append((attributes, milliseconds, trace))
        self.post("traces", traces)
        self.post("metrics", self.histogram(exemplars))

    def trace(self, request, trace, milliseconds, attributes, fails):
        """A server span, and the call it makes."""
        self.sent.add(trace.hex())
        now = time.time_ns()
        for kind, name in ((2, "GET"), (3, "query")):
            group = request.resource_spans.add()
            self.describe(group.resource)
            span = group.scope_spans.add().spans.add(
                trace_id=trace,
                span_id=os.urandom(8),
                name=name,
                kind=kind,
                start_time_unix_nano=now - int(milliseconds * 1e6),
                end_time_unix_nano=now,
            )
            span.status.code = 2 if fails else 0
            for key, value in attributes.items() if kind == 2 else ():
                otlp.attribute(span, key, value)

    def describe(self, resource):
        otlp.attribute(resource, "service.name", "shop")
        otlp.attribute(resource, "service.instance.id", "1")

    def count(self, attributes, milliseconds):
        key = tuple(attributes.items())
        counts = self.counts.setdefault(key, [0] * (len(BOUNDS) + 1))
        counts[next((index for index, bound in enumerate(BOUNDS) if milliseconds <= bound), len(BOUNDS))] += 1
        self.sums[key] = self.sums.get(key, 0) + milliseconds

    def histogram(self, exemplars):
        request = otlp.REQUESTS["metrics"]()
        group = request.resource_metrics.add()
        self.describe(group.resource)
        metric = group.scope_metrics.add().metrics.add(name=METRIC, unit="ms", description="Durations.")
        metric.histogram.aggregation_temporality = 2
        for key, counts in self.counts.items():
            point = metric.histogram.data_points.add(
                start_time_unix_nano=self.start,
                time_unix_nano=time.time_ns(),
                count=sum(counts),
                sum=self.sums[key],
                bucket_counts=counts,
                explicit_bounds=BOUNDS,
            )
            for name, value in key:
                otlp.attribute(point, name, value)
            for attributes, milliseconds, trace in exemplars:
                if tuple(attributes.items()) == key:
                    self.offered.add(trace.hex())
                    point.exemplars.add(
                        trace_id=trace, span_id=os.urandom(8), as_double=milliseconds, time_unix_nano=time.time_ns()
                    )
        return request

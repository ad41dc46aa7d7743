"""Ten services as the daemon sees them: requests as traces of several spans, and a histogram of each route's durations."""

import bisect
import os
import random
import time

import requests

import otlp

BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
"""Seconds; those the semantic conventions advise."""
METRIC = "http.server.request.duration"
SCRAPED = "http_server_request_duration_seconds"
ROUTES = ("/list", "/item")


class Services:
    """Durations are log-normal, so that a few requests of each service are very slow."""

    def __init__(self, daemon, count=10, seed=1):
        self.daemon = daemon
        self.random = random.Random(seed)
        self.session = requests.Session()
        self.names = [f"service-{number}" for number in range(count)]
        self.counts = {(name, route): [0] * (len(BOUNDS) + 1) for name in self.names for route in ROUTES}
        self.sums = dict.fromkeys(self.counts, 0.0)
        self.durations = {}
        """Seconds by trace id in hex."""
        self.start = time.time_ns()

    def round(self, each=40):
        """`each` requests of every service, then the points that count them."""
        traces = otlp.REQUESTS["traces"]()
        for name in self.names:
            group = traces.resource_spans.add()
            otlp.attribute(group.resource, "service.name", name)
            spans = group.scope_spans.add().spans
            for _ in range(each):
                self._request(spans, name)
        self.post("traces", traces)
        self.report()

    def _request(self, spans, name):
        route = self.random.choice(ROUTES)
        seconds = min(self.random.lognormvariate(-3.5, 1.2), 20)
        trace, root, now = os.urandom(16), os.urandom(8), time.time_ns()
        self.durations[trace.hex()] = seconds
        counts = self.counts[name, route]
        counts[bisect.bisect_left(BOUNDS, seconds)] += 1
        self.sums[name, route] += seconds
        server = spans.add(trace_id=trace, span_id=root, name="GET", kind=2)
        query = spans.add(trace_id=trace, span_id=os.urandom(8), parent_span_id=root, name="SELECT", kind=3)
        for span in server, query:
            span.start_time_unix_nano, span.end_time_unix_nano = now - int(seconds * 1e9), now
        otlp.attribute(server, "http.request.method", "GET")
        otlp.attribute(server, "http.route", route)
        otlp.attribute(query, "db.system.name", "postgresql")

    def report(self):
        """The points of all series, as an SDK sends them."""
        request = otlp.REQUESTS["metrics"]()
        for name in self.names:
            group = request.resource_metrics.add()
            otlp.attribute(group.resource, "service.name", name)
            metric = group.scope_metrics.add().metrics.add(name=METRIC, unit="s")
            metric.histogram.aggregation_temporality = 2
            for route in ROUTES:
                counts = self.counts[name, route]
                point = metric.histogram.data_points.add(
                    start_time_unix_nano=self.start,
                    time_unix_nano=time.time_ns(),
                    count=sum(counts),
                    sum=self.sums[name, route],
                    bucket_counts=counts,
                    explicit_bounds=BOUNDS,
                )
                otlp.attribute(point, "http.request.method", "GET")
                otlp.attribute(point, "http.route", route)
        self.post("metrics", request)

    def upper_buckets(self):
        """((service, route, bucket), count) of every populated bucket above the one that holds its series' median."""
        found = set()
        for (name, route), counts in self.counts.items():
            below = 0
            for bucket, count in enumerate(counts):
                if count and 2 * below >= sum(counts):
                    found.add(((name, route, bucket), count))
                below += count
        return found

    def post(self, signal, message):
        answer = self.session.post(
            f"{self.daemon.http}/v1/{signal}",
            data=message.SerializeToString(),
            headers={"Content-Type": "application/x-protobuf"},
            timeout=10,
        )
        assert (answer.status_code, answer.content) == (200, b"")

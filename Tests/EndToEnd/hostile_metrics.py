"""Metrics whose names, labels, exemplars and values try to break a scrape, made from a seed."""

import math
import random

import otlp

# What formats, escaping schemes or Prometheus itself give a meaning to.
WORDS = [
    *["", "_", "__", "___", ".", "...", " ", "-", "{}", "\u2603", "a", "a_b", "a.b", "a-b", "a b", "A.b", "1", "1x"],
    *["__name__", "._name_.", " name ", "-_name__", "\u00e9_name_\u00e9", ".__", "_.x", "..le", "U__a_2e_b", "a__b"],
    *["le", "quantile", "job", "instance", "exported_le", "otel_scope_name", "otel.scope.name", "trace_id", "trace.id"],
    *["x", "x_total", "x.total", "x_created", "x_count", "x_bucket", "x_sum", "x_info", "target", "target_info"],
    *["needletail_scrape_omissions_total", "scrape.samples"],
    *['a"b', "a\\", "a\\nb", "a\nb", "a\r\nb", "a\tb", "\0", "a\0b", "\x01\x7f\x1b[2J", '"} 1 # {', "# EOF", "# EOF\n"],
    *["x 1\n# TYPE y gauge\ny", "\u2028\u2029\u0085", "\ufeff", "\ufffd\ufffe\uffff", "\U0010ffff", "\ue000", "a\u0301"],
    *["\u540d\u524d", "\u05d0\u202e", "\U0001f4a9", "w" * 500, "\u540d" * 200, "0x1p-2", "NaN", "+Inf", "1e400"],
]
UNITS = ["", "1", "s", "ms", "By/s", "{x}", "%", '"', "\n", "\0", "\u00e9", "/", "total", "a b"]
NUMBERS = [0, 1, -1, 0.5, -0.0, 3, 1e16, 1e300, -1e300, 5e-324, math.nan, math.inf, -math.inf]


class HostileMetrics:
    def __init__(self, seed):
        self._random = random.Random(seed)
        self._time = otlp.NOW

    def request(self, count=60):
        """A request with `count` metrics."""
        request = otlp.REQUESTS["metrics"]()
        for _ in range(3):
            group = request.resource_metrics.add()
            self._attributes(group.resource)
            scope = group.scope_metrics.add()
            scope.scope.name, scope.scope.version = self._word(), self._word()
            self._attributes(scope.scope)
            for _ in range(count // 3):
                # Of equal names only one type is shown: some are made to differ.
                name = self._word() + self._pick(["", "", f"{self._random.randrange(1000)}"])
                self._metric(scope.metrics.add(name=name, description=self._word(), unit=self._pick(UNITS)))
        return request

    def _pick(self, items):
        return self._random.choice(items)

    def _word(self):
        if self._random.random() < 0.9:
            return self._pick(WORDS)
        return "".join(chr(self._pick([0, 10, 13, 34, 46, 58, 92, 95, 123, 233, 0x2028, 0x1F600])) for _ in range(4))

    def _attributes(self, owner, field="attributes"):
        for key in {self._word() for _ in range(self._random.randrange(5))}:
            value = getattr(owner, field).add(key=key).value
            match self._random.randrange(6):
                case 0:
                    value.double_value = self._pick(NUMBERS)
                case 1:
                    value.bytes_value = b"\0\xff\xfe"
                case 2:
                    value.array_value.values.add(string_value=self._word())
                case 3:
                    value.kvlist_value.values.add(key=self._word()).value.string_value = self._word()
                case _:
                    value.string_value = self._word()

    def _metric(self, metric):
        self._time += 10**9
        kind = self._random.randrange(5)
        holder = [metric.gauge, metric.sum, metric.histogram, metric.exponential_histogram, metric.summary][kind]
        holder.SetInParent()
        if kind in (1, 2, 3):
            holder.aggregation_temporality = self._pick([1, 2])
        if kind == 1:
            holder.is_monotonic = self._pick([True, True, False])
        for _ in range(3):
            point = holder.data_points.add(start_time_unix_nano=otlp.NOW, time_unix_nano=self._time)
            self._attributes(point)
            [self._number, self._number, self._histogram, self._exponential, self._summary][kind](point)
            if kind != 4:
                self._exemplars(point)

    def _number(self, point):
        point.as_double = self._pick(NUMBERS)

    def _histogram(self, point):
        bounds = sorted({bound for bound in self._random.sample(NUMBERS, 4) if math.isfinite(bound)})
        point.explicit_bounds.extend(bounds)
        point.bucket_counts.extend(self._random.randrange(4) for _ in range(len(bounds) + 1))
        point.count = sum(point.bucket_counts)
        point.sum = self._pick(NUMBERS)

    def _exponential(self, point):
        point.scale = self._pick([-11, -5, -4, 0, 3, 8, 9, 20])
        for buckets in (point.positive, point.negative):
            buckets.offset = self._pick([0, -7, 300, 2**31 - 1, -(2**31)])
            buckets.bucket_counts.extend(self._random.randrange(3) for _ in range(5))
        point.zero_count = self._random.randrange(3)
        point.count = point.zero_count + sum(point.positive.bucket_counts) + sum(point.negative.bucket_counts)
        point.sum = self._pick(NUMBERS)

    def _summary(self, point):
        point.count, point.sum = self._random.randrange(9), self._pick(NUMBERS)
        for quantile in (0.5, 0.99):
            point.quantile_values.add(quantile=quantile, value=self._pick(NUMBERS))

    def _exemplars(self, point):
        for _ in range(self._random.randrange(3)):
            exemplar = point.exemplars.add(as_double=self._pick(NUMBERS), time_unix_nano=self._time)
            if self._random.random() < 0.8:
                exemplar.trace_id, exemplar.span_id = self._random.randbytes(16), self._random.randbytes(8)
            self._attributes(exemplar, "filtered_attributes")


def many_labels(count=10_000):
    """A point with so many attributes, half of which translation makes alike."""
    request = otlp.gauge("crowded", 1)
    point = request.resource_metrics[0].scope_metrics[0].metrics[0].gauge.data_points[0]
    for number in range(count // 2):
        otlp.attribute(point, f"label{number}", "v")
        otlp.attribute(point, "a" + chr(0x4E00 + number), f"{number}")
    return request

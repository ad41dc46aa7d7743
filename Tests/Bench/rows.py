"""What is measured: the rows of the table and how each gets its numbers."""

import dataclasses

from programs import idle_bytes

# Of configs/tail_sampling.yaml, in seconds.
DECISION_WAIT = 5
# What metrics of three dimensions may add to forwarding a span.
SPAN_METRICS_NANOSECONDS_GOAL = 250
# The bodies' ten spans to a trace: the goal of 0.5 KB per span and 0.4 KB per trace, per span.
WINDOW_KILOBYTES_GOAL = 0.5 + 0.4 / 10


@dataclasses.dataclass(frozen=True)
class Row:
    """Something that is measured in items per CPU-second of the collector."""

    title: str
    # Times what Rotel reaches in `compared_with`; none where something else is the goal.
    goal: float = 0
    transport: str = "http"
    items: int = 1000
    gzip: bool = False
    signal: str = "traces"
    config: str = "forward"
    targets: tuple = ("needletail", "rotel")
    # Another row's title, where Rotel has no such thing itself.
    compared_with: str = ""
    # Components of Needletail without which the row is skipped.
    needs: tuple = ()
    # Whether `--check` fails when the goal is missed.
    is_checked: bool = False


HTTP = ("needletail", "rotel", "nginx")
FIRST = "HTTP to HTTP, 1000 spans"

ROWS = [
    Row(FIRST, 12, targets=HTTP, is_checked=True),
    Row("HTTP to HTTP, 100 spans", 8, items=100, targets=HTTP, is_checked=True),
    Row("gRPC to HTTP, 1000 spans", 10, transport="grpc", is_checked=True),
    Row("gRPC to HTTP, 100 spans", 7, transport="grpc", items=100, is_checked=True),
    Row("HTTP gzip to HTTP gzip, 1000 spans", 3, gzip=True, targets=HTTP),
    Row("HTTP gzip to HTTP gzip, 100 spans", 3, items=100, gzip=True, targets=HTTP),
    Row("tail sampling, 5 s window, 1000 spans", 8, config="tail_sampling", targets=("needletail",),
        compared_with=FIRST, needs=("tail_sampling",)),
    Row("HTTP to HTTP and span_metrics, 1000 spans", config="span_metrics", targets=("needletail",),
        compared_with=FIRST, needs=("span_metrics",)),
    Row("metrics to prometheus, 1000 points", 16, signal="metrics", config="metrics", targets=("needletail",),
        compared_with=FIRST, needs=("prometheus",)),
]


def measure(row, target, load, seconds):
    """Runs one row once on one target; returns otlpload's report."""
    with target.start(row.config, "gzip" if row.gzip else "none"):
        http, grpc = f"http://127.0.0.1:{target.http_port}", f"127.0.0.1:{target.grpc_port}"
        options = [
            "--transport", row.transport, "--endpoint", http if row.transport == "http" else grpc,
            "--signal", row.signal, "--items", row.items, "--connections", 4, "--calls", 2, "--seconds", seconds,
            *(["--gzip"] if row.gzip else []),
        ]
        if row.config == "tail_sampling":
            # A window that is full: as many spans leave as come in. At a fixed rate, which says how many it holds.
            idle = idle_bytes(target)
            report = load.send(target, *options, "--steady", "--rate", 300, "--warmup", DECISION_WAIT + 2, sink=False)
            return {**report, "idle_resident_bytes": idle}
        if row.signal == "metrics":
            return load.send(target, *options, "--settle", 0.2, sink=False)
        return load.send(target, *options)


def kilobytes_held(report):
    """Memory per span in the window: what the process has grown by, over the spans of one decision wait."""
    held = report["items_per_second"] * DECISION_WAIT
    return (report["resident_bytes_at_end"] - report["idle_resident_bytes"]) / held / 1000

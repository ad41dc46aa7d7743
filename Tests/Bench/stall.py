"""How long ingestion waits while 100 thousand traces expire in one moment.

A burst brings the traces, flat out. One decision wait later a probe, small requests at a fixed rate on connections of
its own, goes through the moment they expire. Latencies run from when a request was due, so that a pause counts against
every request it holds up. The floor is the same probe while nothing but its own spans expires.
"""

import dataclasses
import statistics
import time

from programs import BenchError
from window_config import EVERYTHING, THREE_POLICIES, write_config

TRACES = 100_000
DECISION_WAIT = 4
GOAL_MILLISECONDS = 20
PROBE_REQUESTS_PER_SECOND = 2000
PROBE_SPANS = 10
PROBE_CONNECTIONS = 20
FLOOR_SECONDS = 1
QUANTILES = ("p50", "p99", "p99.9", "max")


@dataclasses.dataclass(frozen=True)
class Stall:
    """What expires."""

    title: str
    spans_per_trace: int
    policies: tuple


STALLS = [
    Stall("of 1 span", 1, THREE_POLICIES),
    Stall("of 10 spans", 10, THREE_POLICIES),
    Stall("of 10 spans, all kept", 10, EVERYTHING),
]


def measure_stall(stall, needletail, load, directory, rounds):
    """Latencies in ms by quantile of each round, `floor` without and `expiry` with traces expiring, and how long the
    bursts took, in seconds."""
    config = write_config(directory / "stall.json", stall.policies, DECISION_WAIT)
    result = {"floor": [], "expiry": [], "burst_seconds": []}
    with needletail.start(config):
        for _ in range(rounds):
            result["floor"].append(probe(needletail, load, FLOOR_SECONDS).report())
        for _ in range(rounds):
            # Nothing of the round before is left.
            time.sleep(DECISION_WAIT + 1)
            report, begin, end = burst(needletail, load, stall.spans_per_trace)
            time.sleep(max(0, begin + DECISION_WAIT - 0.6 - time.monotonic()))
            held = traces_held(needletail)
            result["expiry"].append(probe(needletail, load, end - begin + 0.5).report())
            if held < TRACES * 0.99 or traces_held(needletail) > TRACES / 2:
                raise BenchError(f"the traces did not expire while probed; see {needletail.log}")
            result["burst_seconds"].append(report["seconds"])
            if report["failed_requests"]:
                result["refused"] = report["errors"]
    for name in ("floor", "expiry"):
        result[name] = [
            {quantile: report["latency_seconds"][quantile] * 1000 for quantile in QUANTILES} for report in result[name]]
    return result


def traces_held(needletail):
    return needletail.own_metrics()["otelcol_processor_tail_sampling_sampling_traces_on_memory"]


def burst(needletail, load, spans_per_trace):
    """Sends the traces; returns the report, and when it began and ended."""
    begin = time.monotonic()
    report = load.send(
        needletail, "--endpoint", f"http://127.0.0.1:{needletail.http_port}", "--items", 1000,
        "--spans-per-trace", spans_per_trace, "--requests", TRACES * spans_per_trace // 1000, "--connections", 4,
        "--warmup", 0, "--steady", "--seconds", 60, sink=False)
    return report, begin, time.monotonic()


def probe(needletail, load, seconds):
    """Begins to send small requests, after a warm-up of 0.3 s."""
    return load.begin(
        needletail, "--endpoint", f"http://127.0.0.1:{needletail.http_port}", "--items", PROBE_SPANS,
        "--rate", PROBE_REQUESTS_PER_SECOND, "--connections", PROBE_CONNECTIONS,
        "--warmup", 0.3, "--steady", "--seconds", seconds, sink=False)


def stall_table(results):
    """The table's lines, and whether the goal is met. `results`: by title."""
    lines = [["small requests, latency in ms", *QUANTILES, "goal", ""]]
    is_met = True
    for title, result in results.items():
        def median(name):
            return [statistics.median(each[quantile] for each in result[name]) for quantile in QUANTILES]
        floor, expiry = median("floor"), median("expiry")
        worst = max(each["max"] for each in result["expiry"])
        met = expiry[2] - floor[2] <= GOAL_MILLISECONDS
        is_met = is_met and met
        sent = statistics.median(result["burst_seconds"])
        lines.append(["nothing expires", *(f"{value:.2f}" for value in floor), "", ""])
        lines.append([
            f"{TRACES // 1000} k traces {title}, sent within {sent:.2f} s",
            *(f"{value:.2f}" for value in expiry), f"{floor[2] + GOAL_MILLISECONDS:.2f}", "met" if met else "MISSED"])
        lines.append(["  the worst of all rounds", "", "", "", f"{worst:.2f}", "", ""])
        if "refused" in result:
            lines.append([f"  of the burst were refused: {result['refused']}", "", "", "", "", "", ""])
    return lines, is_met

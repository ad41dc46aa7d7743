"""Whether memory goes back to the system after a burst of half a gigabyte of spans."""

import time

from programs import BenchError, idle_bytes, resident_bytes
from window_config import THREE_POLICIES, write_config

SPANS = 1_150_000
SPAN_BYTES = 447
DECISION_WAIT = 5
SECONDS_AFTER = 30
LONGEST_DECISION = 120


def measure_return(needletail, load, directory):
    """Resident bytes before the burst, at most, and `SECONDS_AFTER` the last decision."""
    with needletail.start(write_config(directory / "burst.json", THREE_POLICIES, DECISION_WAIT)):
        before = idle_bytes(needletail)
        sending = load.begin(
            needletail, "--endpoint", f"http://127.0.0.1:{needletail.http_port}", "--items", 1000,
            "--requests", SPANS // 1000, "--connections", 4, "--warmup", 0, "--steady", "--seconds", 60, sink=False)
        peak = watch(needletail, lambda: sending.process.poll() is not None)
        report = sending.report()
        if report["failed_requests"]:
            raise BenchError(f"requests refused: {report['errors']}; see {needletail.log}")
        held = "otelcol_processor_tail_sampling_sampling_traces_on_memory"
        peak = max(peak, watch(needletail, lambda: needletail.own_metrics()[held] == 0))
        time.sleep(SECONDS_AFTER)
        return {
            "sent_bytes": report["taken_items"] * SPAN_BYTES, "before": before, "peak": peak,
            "after": resident_bytes(needletail.process.pid),
        }


def watch(needletail, is_over):
    """The most resident bytes until `is_over`."""
    peak = 0
    end = time.monotonic() + LONGEST_DECISION
    while not is_over():
        if time.monotonic() > end:
            raise BenchError(f"the burst is not over after {LONGEST_DECISION} s; see {needletail.log}")
        peak = max(peak, resident_bytes(needletail.process.pid))
        time.sleep(0.1)
    return peak


def return_table(report):
    """The table's lines, and whether the goal is met: within 25 % or 20 MB of the level before."""
    goal = max(report["before"] * 1.25, report["before"] + 20e6)
    met = report["after"] <= goal
    return [
        ["a burst, MB of resident memory", "before", "at most", f"{SECONDS_AFTER} s after the last decision", "goal",
         ""],
        [f"{report['sent_bytes'] / 1e6:.0f} MB of spans", f"{report['before'] / 1e6:.1f}",
         f"{report['peak'] / 1e6:.1f}", f"{report['after'] / 1e6:.1f}", f"{goal / 1e6:.1f}",
         "met" if met else "MISSED"],
    ], met

"""What a span costs and what memory it takes, as the traces held and the policies become more.

Each row is a steady flow that fills the window: as many spans leave as come in. The rate stays, so that the collector
is never saturated; the decision wait decides how many traces are held. Memory is what the whole process has grown by
since it was idle: window, caches of decisions, batches on their way, all of it.
"""

import dataclasses
import statistics
import time

from programs import BenchError, idle_bytes, resident_bytes
from text_table import thousands
from window_config import EIGHT_POLICIES, SEVENTEEN_POLICIES, THREE_POLICIES, write_config

GOAL_KILOBYTES_PER_SPAN, GOAL_KILOBYTES_PER_TRACE = 0.5, 0.4
SAMPLES = 5


@dataclasses.dataclass(frozen=True)
class Growth:
    """One row."""

    traces: int
    spans_per_trace: int = 10
    policies: tuple = THREE_POLICIES

    @property
    def title(self):
        return f"{thousands(self.traces)} traces of {self.spans_per_trace}, {len(self.policies)} policies"

    @property
    def spans(self):
        return self.traces * self.spans_per_trace

    @property
    def window_bytes(self):
        """What the window may need."""
        return 1000 * (
            self.spans * GOAL_KILOBYTES_PER_SPAN + self.traces * GOAL_KILOBYTES_PER_TRACE) + (64 << 20)


GROWTH = [
    Growth(10_000), Growth(100_000), Growth(1_000_000), Growth(2_000_000), Growth(2_000_000, spans_per_trace=2),
    Growth(100_000, policies=EIGHT_POLICIES), Growth(100_000, policies=SEVENTEEN_POLICIES),
]


def byte_budget(needletail, directory):
    """What all buffers of the collector may hold on this machine."""
    with needletail.start(write_config(directory / "idle.json", THREE_POLICIES, 1)):
        return needletail.own_metrics()["needletail_byte_budget_limit_bytes"]


def measure_growth(row, needletail, load, directory, spans_per_second, seconds):
    """The row's measurements: medians of several looks at the full window."""
    wait = row.spans / spans_per_second
    config = write_config(directory / "growth.json", row.policies, wait, round(row.window_bytes) >> 20)
    with needletail.start(config):
        idle = idle_bytes(needletail)
        sending = load.begin(
            needletail, "--endpoint", f"http://127.0.0.1:{needletail.http_port}", "--items", 1000,
            "--spans-per-trace", row.spans_per_trace, "--rate", spans_per_second / 1000, "--connections", 4,
            "--steady", "--warmup", wait + 2, "--seconds", seconds, sink=False)
        time.sleep(wait + 2)
        resident, window, traces = [], [], []
        for _ in range(SAMPLES):
            time.sleep(seconds / (SAMPLES + 1))
            metrics = needletail.own_metrics()
            resident.append(resident_bytes(needletail.process.pid))
            window.append(metrics["otelcol_processor_tail_sampling_buffer_bytes"])
            traces.append(metrics["otelcol_processor_tail_sampling_sampling_traces_on_memory"])
        report = sending.report()
    if report["failed_requests"]:
        raise BenchError(f"{row.title}: requests refused: {report['errors']}; see {needletail.log}")
    return {
        "traces": statistics.median(traces), "spans": statistics.median(traces) * row.spans_per_trace,
        "grown_bytes": statistics.median(resident) - idle, "window_bytes": statistics.median(window),
        "spans_per_cpu_second": report["items_per_cpu_second"], "spans_per_second": report["items_per_second"],
    }


def growth_table(reports):
    """The table's lines, and whether the goals are met, of rows with their measurements, or why they were skipped."""
    lines = [[
        "held, policies", "spans/CPU-s", "spans/s", "traces held", "MB grown", "window's MB", "KB/span", "KB/trace",
        "goal", ""]]
    is_met = True
    for row, report in reports:
        if isinstance(report, str):
            lines.append([row.title, *["-"] * 8, "skipped"])
            continue
        grown = report["grown_bytes"] / 1000
        goal = (report["spans"] * GOAL_KILOBYTES_PER_SPAN + report["traces"] * GOAL_KILOBYTES_PER_TRACE)
        met = grown <= goal
        # What does not grow, the decisions remembered, is most of a small window.
        is_met = is_met and (met or row.traces < 100_000)
        lines.append([
            row.title, thousands(report["spans_per_cpu_second"]), thousands(report["spans_per_second"]),
            thousands(report["traces"]), f"{grown / 1000:.1f}", f"{report['window_bytes'] / 1e6:.1f}",
            f"{grown / report['spans']:.3f}", f"{grown / report['traces']:.2f}", f"{goal / report['traces']:.2f}",
            "met" if met else "MISSED"])
    return lines, is_met


def growth_notes(reports):
    """What is to be said about the table, a line each."""
    lines = [f"{row.title}: {report}." for row, report in reports if isinstance(report, str)]
    return [*lines, *parts_of_growth(reports)]


def parts_of_growth(reports):
    """A line that splits the growth into a fixed part, one per span and one per trace, from three rows of the same
    policies; none when there are no such three."""
    few = [(row, report) for row, report in reports
           if row.policies == THREE_POLICIES and not isinstance(report, str)]
    small = next((report for row, report in few if row.traces == 10_000), None)
    large = next((report for row, report in few if row.traces == 1_000_000), None)
    short = next((report for row, report in few if row.spans_per_trace == 2), None)
    if not (small and large and short):
        return []
    # Ten spans and a trace are told by the difference of two rows; the third tells them apart.
    ten = (large["grown_bytes"] - small["grown_bytes"]) / (large["traces"] - small["traces"])
    fixed = small["grown_bytes"] - ten * small["traces"]
    two = (short["grown_bytes"] - fixed) / short["traces"]
    span = (ten - two) / 8
    return [
        f"From 10 k to 2 M traces the process grows by {span / 1000:.3f} KB a span and "
        f"{(two - 2 * span) / 1000:.3f} KB a trace, beside {fixed / 1e6:.1f} MB that do not depend on them "
        "(decisions remembered, batches)."]

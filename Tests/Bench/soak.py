"""Whether memory stays flat for long, while no trace id and hardly a label ever comes again."""

import statistics
import time

from programs import resident_bytes
from window_config import SOAK_POLICIES, write_config

DECISION_WAIT = 5
SPANS_PER_SECOND = 100_000
GOAL_MEGABYTES_PER_MINUTE = 1


def soak(needletail, load, directory, seconds):
    """Resident bytes of each second, the requests that were refused, and the shares of traces kept and spans lost."""
    with needletail.start(write_config(directory / "soak.json", SOAK_POLICIES, DECISION_WAIT)):
        sending = load.begin(
            needletail, "--endpoint", f"http://127.0.0.1:{needletail.http_port}", "--items", 1000, "--churn",
            "--rate", SPANS_PER_SECOND / 1000, "--connections", 4, "--warmup", 0, "--steady", "--seconds", seconds,
            sink=False)
        begin = time.monotonic()
        resident = []
        while sending.process.poll() is None:
            resident.append((time.monotonic() - begin, resident_bytes(needletail.process.pid)))
            time.sleep(max(0, begin + len(resident) - time.monotonic()))
        report = sending.report()
        metrics = needletail.own_metrics()
    decided = metrics["otelcol_processor_tail_sampling_decisions"]
    kept = metrics["otelcol_exporter_sent_spans"] / max(1, decided * 10)
    return {
        "resident": resident, "failed_requests": report["failed_requests"], "taken": report["taken_items"],
        "kept_share": kept,
    }


def slope(resident):
    """Megabytes per minute over the second half."""
    half = [(at, size) for at, size in resident if at >= resident[-1][0] / 2]
    if len(half) < 3:
        return 0.0
    line = statistics.linear_regression([at / 60 for at, _ in half], [size / 1e6 for _, size in half])
    return line.slope


def soak_table(report):
    """The table's lines, and whether the goal is met."""
    rise = slope(report["resident"])
    met = rise < GOAL_MEGABYTES_PER_MINUTE
    lines = [[
        f"soak, {report['taken'] / 1e6:.0f} M spans with labels of their own, {report['kept_share']:.1%} kept, "
        f"{report['failed_requests']} requests refused", "MB resident", "goal", ""]]
    minute = 0
    for at, size in report["resident"]:
        if at >= minute * 60:
            lines.append([f"  after {minute} min", f"{size / 1e6:.1f}", "", ""])
            minute += 1
    lines.append(["  at the end", f"{report['resident'][-1][1] / 1e6:.1f}", "", ""])
    lines.append([
        "  slope over the second half, MB a minute", f"{rise:.2f}", f"{GOAL_MEGABYTES_PER_MINUTE}",
        "met" if met else "MISSED"])
    return lines, met

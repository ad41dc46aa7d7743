"""What a scrape of 20 000 points costs, compared with `gzip -1` over the same text."""

import statistics
import time
import zlib

from scrape_client import OPENMETRICS, PROTOBUF, TEXT, gzip_cost, keep_text, scrape_cost, send
from scrape_points import Points

HISTOGRAMS = SUMS = 10_000
GOAL_PLAIN, GOAL_COMPRESSED = 0.2, 1.3
FORMATS = [("text 0.0.4", TEXT), ("OpenMetrics", OPENMETRICS), ("protobuf", PROTOBUF)]


def measure_scrapes(needletail, directory, rounds):
    with needletail.start("metrics"):
        send(needletail, Points().requests(HISTOGRAMS, SUMS))
        path = directory / "exposition.txt"
        lines, size = keep_text(needletail, path)
        report = {"lines": lines, "bytes": size, "gzip_seconds": gzip_cost(path), "zlib_seconds": zlib_cost(path)}
        path.unlink()
        for title, accept in FORMATS:
            for gzip in (False, True):
                cost = scrape_cost(needletail, rounds, accept=accept, gzip=gzip)
                report[title + (", gzip" if gzip else "")] = cost
    return report


def zlib_cost(path):
    """The median processor time of zlib at level 1, which is what the collector compresses with, over a file."""
    text = path.read_bytes()
    costs = []
    for _ in range(5):
        begin = time.thread_time()
        zlib.compressobj(1, zlib.DEFLATED, 31).compress(text)
        costs.append(time.thread_time() - begin)
    return statistics.median(costs)


def scrape_table(report):
    """The table's lines, and whether the goals are met."""
    lines = [["a scrape", "CPU ms", "ns/line", "of gzip -1", "of zlib level 1", "goal", ""]]
    is_met = True
    for title, _ in FORMATS:
        for suffix, goal in (("", GOAL_PLAIN), (", gzip", GOAL_COMPRESSED)):
            cost = report[title + suffix]
            ratio = cost / report["gzip_seconds"]
            is_met = is_met and ratio <= goal
            lines.append([
                title + suffix, f"{cost * 1000:.1f}", f"{cost / report['lines'] * 1e9:.0f}", f"{ratio:.2f}",
                f"{cost / report['zlib_seconds']:.2f}", f"{goal:.1f}", "met" if ratio <= goal else "MISSED"])
    return lines, is_met


def scrape_notes(report):
    return [
        f"{HISTOGRAMS + SUMS} points, {report['lines']} lines of text, {report['bytes'] / 1e6:.1f} MB; sending is part "
        f"of the cost. gzip -1 takes {report['gzip_seconds'] * 1000:.0f} ms for it, zlib at level 1 "
        f"{report['zlib_seconds'] * 1000:.0f} ms."]

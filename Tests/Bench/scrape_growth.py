"""What a histogram series of 15 buckets takes, and what its points and scrapes cost, as the series become more.

Memory is what the whole process has grown by from one point of one series to a point of every series, buffers of
requests included. What the first point takes stands beside it: a process at rest has given the code of requests back,
and the first one maps it again, whatever it carries. A series keeps its labels once, rendered; they are subtracted for
what the goal speaks of.
"""

import subprocess

from programs import BenchError, idle_bytes, resident_bytes
from scrape_client import cpu_seconds, scrape, scrape_cost, send
from scrape_points import Points
from text_table import thousands

SERIES = (1_000, 10_000, 100_000, 1_000_000)
GOAL_BYTES = 1024
# Beyond so much text gzip is not run over it: its share does not depend on the size.
LARGEST_COMPARED = 2e9


def measure_series(count, needletail):
    with needletail.start("metrics"):
        pid = needletail.process.pid
        idle = idle_bytes(needletail)
        send(needletail, list(Points().requests(1, 0)))
        first = resident_bytes(pid)
        new = send(needletail, list(Points().requests(count, 0)))
        grown = resident_bytes(pid) - first
        known = min(send(needletail, list(Points(seed).requests(count, 0))) for seed in range(2, 5))
        text = Text()
        size = scrape(needletail, use=text.take)
        rounds = 2 if count > 100_000 else 5
        plain = scrape_cost(needletail, rounds)
        compressed = scrape_cost(needletail, min(rounds, 3), gzip=True)
        gzip = gzip_cost(needletail) if size <= LARGEST_COMPARED else None
        after = resident_bytes(pid)
    return {
        "series": count, "first_bytes": first - idle, "grown_bytes": grown, "label_bytes": text.label_bytes,
        "bytes": size, "lines": text.lines, "new_seconds": new, "known_seconds": known, "plain_seconds": plain,
        "compressed_seconds": compressed, "gzip_seconds": gzip, "scraping_bytes": after - first - grown}


class Text:
    """Looks at an exposition as it comes."""

    def __init__(self):
        self.lines = 0
        self.label_bytes = None

    def take(self, piece):
        piece = bytes(piece)
        self.lines += piece.count(b"\n")
        if self.label_bytes is None:
            line = next((line for line in piece.split(b"\n") if b"_sum{" in line), None)
            if line is None:
                raise BenchError("the exposition does not begin with histograms")
            self.label_bytes = line.rindex(b"}") - line.index(b"{")


def gzip_cost(needletail):
    """The processor time of `gzip -1` over a scrape, which it gets through a pipe."""
    process = subprocess.Popen(["gzip", "-1"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    scrape(needletail, use=process.stdin.write)
    process.stdin.flush()
    # It has all of the text but what is in the pipe, 64 KiB.
    cost = cpu_seconds(process.pid)
    process.stdin.close()
    process.wait()
    return cost


def series_table(reports):
    """The table's lines, and whether the goal is met."""
    lines = [[
        "series", "bytes/series", "beyond labels", "goal", "", "MB first point", "ns/new point", "ns/point", "MB text",
        "scrape ms", "of gzip -1", "gzip ms", "of gzip -1", "MB left by scrapes"]]
    is_met = True
    for report in reports:
        count, gzip = report["series"], report["gzip_seconds"]
        taken = report["grown_bytes"] / count
        beyond = taken - report["label_bytes"]
        # The buffers of a request are most of a small store.
        is_met = is_met and (beyond <= GOAL_BYTES or count < 10_000)
        lines.append([
            thousands(count), f"{taken:.0f}", f"{beyond:.0f}", f"{GOAL_BYTES}",
            "" if count < 10_000 else "met" if beyond <= GOAL_BYTES else "MISSED",
            f"{report['first_bytes'] / 1e6:.1f}", f"{report['new_seconds'] / count * 1e9:.0f}",
            f"{report['known_seconds'] / count * 1e9:.0f}", f"{report['bytes'] / 1e6:.1f}",
            f"{report['plain_seconds'] * 1000:.1f}", f"{report['plain_seconds'] / gzip:.2f}" if gzip else "-",
            f"{report['compressed_seconds'] * 1000:.1f}",
            f"{report['compressed_seconds'] / gzip:.2f}" if gzip else "-", f"{report['scraping_bytes'] / 1e6:.1f}"])
    return lines, is_met

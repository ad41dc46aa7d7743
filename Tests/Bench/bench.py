#!/usr/bin/env python3
"""Measures Needletail beside Rotel and nginx on this machine and prints one table.

The unit is items per second of the collector's own CPU time (user and system), not throughput: generator, collector and
sink share the machine. All measurements of a row are taken in turns, one after the other, and the median counts.
Compare ratios from one run; absolute numbers drift with the machine.
"""

import argparse
import json
import pathlib
import shutil
import statistics
import sys
import tempfile

from programs import BenchError, Needletail, Nginx, OTLPLoad, Rotel, idle_bytes
from rows import (
    FIRST, ROWS, SPAN_METRICS_NANOSECONDS_GOAL, WINDOW_KILOBYTES_GOAL, kilobytes_held, measure)
from text_table import print_table, thousands

ROOT = pathlib.Path(__file__).resolve().parents[2]
IDLE_STARTS = 5
IDLE_GOAL_MEGABYTES, READY_GOAL_MILLISECONDS = 20, 30


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5, help="per measurement (default 5)")
    parser.add_argument("--rounds", type=int, default=2, help="measurements per row and program (default 2)")
    parser.add_argument(
        "--rows", default="", help="only rows whose title contains this text, and what they are compared with")
    parser.add_argument("--check", action="store_true", help="fail when a goal of the first four rows is missed")
    parser.add_argument("--json", type=pathlib.Path, help="write all reports to this file")
    build = ROOT / ".build" / "release"
    parser.add_argument("--needletail", type=pathlib.Path, default=build / "needletail")
    parser.add_argument("--otlpload", type=pathlib.Path, default=build / "otlpload")
    return parser.parse_args()


def measure_all(rows, targets, load, options):
    """Reports by row title and program name, in the order they were taken."""
    reports = {}
    for number in range(options.rounds):
        for row in rows:
            for name in row.targets:
                if name not in targets:
                    continue
                report = measure(row, targets[name], load, options.seconds)
                reports.setdefault(row.title, {}).setdefault(name, []).append(report)
                rate = report.get("items_per_cpu_second") or 0
                note = f", {report['failed_requests']} requests refused" if report["failed_requests"] else ""
                lost = report.get("lost_items", 0) if row.config == "forward" else 0
                note += f", {lost} items lost" if lost else ""
                print(f"  round {number + 1}: {row.title}: {name} {thousands(rate)}{note}", file=sys.stderr)
    return reports


def measure_idle(targets):
    """Median resident memory in MB and time to ready in ms by program name, on the forwarding configuration."""
    idle = {}
    for name, target in targets.items():
        memory, ready = [], []
        for _ in range(IDLE_STARTS):
            with target.start():
                memory.append(idle_bytes(target) / 1e6)
                ready.append(target.ready_seconds * 1000)
        idle[name] = (statistics.median(memory), statistics.median(ready))
    return idle


def table(rows, reports, idle):
    """The table's lines, and the titles of the checked rows that miss their goal or could not be compared."""
    def rate(title, name):
        rates = [report.get("items_per_cpu_second") for report in reports.get(title, {}).get(name, [])]
        rates = [each for each in rates if each]
        return statistics.median(rates) if rates else None

    lines = [["items per CPU-second", "Needletail", "Rotel", "nginx", "times Rotel", "goal", ""]]
    missed = []
    for row in rows:
        ours, theirs = rate(row.title, "needletail"), rate(row.compared_with or row.title, "rotel")
        if ours is None:
            continue
        ratio = ours / theirs if theirs else None
        met = ratio is not None and ratio >= row.goal
        if row.is_checked and not met:
            missed.append(row.title)
        nginx = rate(row.title, "nginx")
        rotel = thousands(theirs) if theirs else "-"
        lines.append([
            row.title, thousands(ours), f"({rotel})" if row.compared_with else rotel,
            thousands(nginx) if nginx else "-", f"{ratio:.1f}" if ratio else "-", f"{row.goal:g}" if row.goal else "-",
            "" if ratio is None or not row.goal else "met" if met else "MISSED"])
        if row.config == "tail_sampling":
            held = statistics.median(kilobytes_held(report) for report in reports[row.title]["needletail"])
            met = held <= WINDOW_KILOBYTES_GOAL
            lines.append([
                "  KB of memory per span held", f"{held:.2f}", "-", "-", "-", f"{WINDOW_KILOBYTES_GOAL:.2f}",
                "met" if met else "MISSED"])
        if row.config == "span_metrics" and (forwarding := rate(FIRST, "needletail")):
            added = 1e9 / ours - 1e9 / forwarding
            met = added <= SPAN_METRICS_NANOSECONDS_GOAL
            lines.append([
                "  ns a span more than forwarding", f"{added:.0f}", "-", "-", "-",
                f"{SPAN_METRICS_NANOSECONDS_GOAL}", "met" if met else "MISSED"])
    for title, unit, index, goal in [
        ("idle memory", "MB", 0, IDLE_GOAL_MEGABYTES), ("time to ready", "ms", 1, READY_GOAL_MILLISECONDS)
    ]:
        if "needletail" in idle:
            names = ("needletail", "rotel", "nginx")
            cells = [f"{idle[name][index]:.1f} {unit}" if name in idle else "-" for name in names]
            met = idle["needletail"][index] <= goal
            lines.append([title, *cells, "-", f"{goal} {unit}", "met" if met else "MISSED"])
    return lines, missed


def run(options, directory):
    if not options.otlpload.exists():
        raise BenchError(f"{options.otlpload} is missing; run swift build -c release --product otlpload")
    load = OTLPLoad(options.otlpload, directory)
    try:
        candidates = [
            Needletail(directory, load.port, options.needletail), Rotel(directory, load.port),
            Nginx(directory, load.port),
        ]
        targets = {target.name: target for target in candidates if target.available()}
        for target in candidates:
            if not target.available():
                print(f"{target.name} is missing, its column stays empty: {target.how_to_install}", file=sys.stderr)
        if "needletail" not in targets:
            raise BenchError(f"{options.needletail} is missing")
        known = targets["needletail"].components()
        wanted = {row.title for row in ROWS if options.rows in row.title}
        wanted |= {row.compared_with for row in ROWS if row.title in wanted}
        rows = []
        for row in ROWS:
            if row.title not in wanted:
                continue
            missing = [need for need in row.needs if need not in known]
            if missing:
                print(f"skipped: {row.title}: this needletail has no {', '.join(missing)}", file=sys.stderr)
            else:
                rows.append(row)
        reports = measure_all(rows, targets, load, options)
        idle = {} if options.rows else measure_idle(targets)
    finally:
        load.stop()
    if options.json:
        options.json.write_text(json.dumps({"reports": reports, "idle": idle}, indent=1))
    lines, missed = table(rows, reports, idle)
    print_table(lines)
    print(f"""
Loopback, spans of 447 bytes with ten attributes, 4 connections (gRPC: 2 calls each), median of {options.rounds} runs of
{options.seconds:g} s.
Needletail: Tests/Bench/configs, the default sending queue, no batch processor. Rotel: its defaults (batches of up to
8192 spans or 200 ms), OTLP/HTTP exporter, compression as the row says. nginx: reverse proxy, one process.
Gzip rows rotate through requests compressed in advance. Figures in parentheses are Rotel's of "{FIRST}".""")
    if missed:
        print("goals missed: " + "; ".join(missed))
    return missed


def main():
    options = arguments()
    # Stays when something fails: error messages name the logs in it.
    directory = pathlib.Path(tempfile.mkdtemp(prefix="needletail-bench-"))
    try:
        missed = run(options, directory)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    shutil.rmtree(directory)
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())

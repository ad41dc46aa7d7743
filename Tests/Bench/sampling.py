#!/usr/bin/env python3
"""Measures how Needletail's tail sampling scales, and prints a table for each question:

growth  cost per span and memory as the traces held and the policies become more
stall   how long ingestion waits while 100 thousand traces expire in one moment
burst   whether memory returns after a burst
soak    whether memory stays flat under random ids and labels that never come again (only with --soak)

Generator, collector and sink share the machine: compare numbers of one run.
"""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile

from growth import GROWTH, byte_budget, growth_notes, growth_table, measure_growth
from memory_return import measure_return, return_table
from programs import BenchError, Needletail, OTLPLoad
from soak import soak, soak_table
from stall import STALLS, measure_stall, stall_table
from text_table import print_table

ROOT = pathlib.Path(__file__).resolve().parents[2]
PARTS = ("growth", "stall", "burst")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--parts", default=",".join(PARTS), help=f"which of {', '.join(PARTS)}, by commas (default: all)")
    parser.add_argument("--soak", type=float, default=0, metavar="SECONDS", help="soak for that long (default: not)")
    parser.add_argument("--seconds", type=float, default=5, help="per measurement of growth (default 5)")
    parser.add_argument("--rounds", type=int, default=5, help="of the stall (default 5)")
    parser.add_argument("--rate", type=int, default=300_000, help="spans per second while growing (default 300000)")
    parser.add_argument("--check", action="store_true", help="fail when a goal is missed")
    parser.add_argument("--json", type=pathlib.Path, help="write all measurements to this file")
    build = ROOT / ".build" / "release"
    parser.add_argument("--needletail", type=pathlib.Path, default=build / "needletail")
    parser.add_argument("--otlpload", type=pathlib.Path, default=build / "otlpload")
    return parser.parse_args()


def run(options, directory):
    """Runs and prints the parts; returns whether all goals are met."""
    for binary in (options.needletail, options.otlpload):
        if not binary.exists():
            raise BenchError(f"{binary} is missing; run swift build -c release --product {binary.name}")
    load = OTLPLoad(options.otlpload, directory)
    needletail = Needletail(directory, load.port, options.needletail)
    reports = {}
    are_met = []

    def show(name, report, lines, is_met):
        reports[name] = report
        are_met.append(is_met)
        print_table(lines)
        print(flush=True)

    try:
        if "growth" in options.parts:
            report = measure_all_growth(needletail, load, directory, options)
            show("growth", {row.title: each for row, each in report}, *growth_table(report))
            print(*growth_notes(report), sep="\n", end="\n\n")
        if "stall" in options.parts:
            report = {
                stall.title: measure_stall(stall, needletail, load, directory, options.rounds) for stall in STALLS}
            show("stall", report, *stall_table(report))
        if "burst" in options.parts:
            report = measure_return(needletail, load, directory)
            show("burst", report, *return_table(report))
        if options.soak:
            report = soak(needletail, load, directory, options.soak)
            show("soak", report, *soak_table(report))
    finally:
        load.stop()
        if options.json:
            options.json.write_text(json.dumps(reports, indent=1))
    return all(are_met)


def measure_all_growth(needletail, load, directory, options):
    """Each row with its measurements, or, if it is too large for this machine, the reason."""
    budget = byte_budget(needletail, directory)
    reports = []
    for row in GROWTH:
        if row.window_bytes > budget * 7 / 8:
            reports.append((row, (
                f"the window needs {row.window_bytes / 1e9:.1f} GB; the byte budget, a quarter of this "
                f"machine's memory, is {budget / 1e9:.1f} GB")))
        else:
            print(f"  {row.title}", file=sys.stderr)
            report = measure_growth(row, needletail, load, directory, options.rate, options.seconds)
            reports.append((row, report))
    return reports


def main():
    options = arguments()
    # Stays when something fails: error messages name the logs in it.
    directory = pathlib.Path(tempfile.mkdtemp(prefix="needletail-bench-"))
    try:
        is_met = run(options, directory)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    shutil.rmtree(directory)
    return 1 if options.check and not is_met else 0


if __name__ == "__main__":
    sys.exit(main())

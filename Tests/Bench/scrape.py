#!/usr/bin/env python3
"""Measures Needletail's scrape endpoint, and prints a table for each question:

cost     processor time of a scrape of 20 000 points, compared with gzip -1 over the same text
latency  how long ingestion requests take while the collector is scraped
growth   memory, ingestion and scrapes from a thousand to a million histogram series

All programs share the machine: compare numbers of one run.
"""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile

from programs import BenchError, Needletail, OTLPLoad
from scrape_cost import measure_scrapes, scrape_notes, scrape_table
from scrape_growth import SERIES, measure_series, series_table
from scrape_latency import latency_table, measure_latency
from text_table import print_table

ROOT = pathlib.Path(__file__).resolve().parents[2]
PARTS = ("cost", "latency", "growth")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--parts", default=",".join(PARTS), help=f"which of {', '.join(PARTS)}, by commas (default: all)")
    parser.add_argument("--rounds", type=int, default=20, help="scrapes of each format (default 20)")
    parser.add_argument("--seconds", type=float, default=5, help="per measurement of latency (default 5)")
    parser.add_argument("--series", type=int, default=SERIES[-1], help="at most in growth (default 1000000)")
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

    def show(name, report, lines, is_met, notes=()):
        reports[name] = report
        are_met.append(is_met)
        print_table(lines)
        print(*notes, sep="\n", flush=True)

    try:
        if "cost" in options.parts:
            report = measure_scrapes(needletail, directory, options.rounds)
            show("cost", report, *scrape_table(report), scrape_notes(report))
        if "latency" in options.parts:
            report = measure_latency(needletail, load, options.seconds, rounds=3)
            show("latency", report, *latency_table(report))
        if "growth" in options.parts:
            report = []
            for count in SERIES:
                if count <= options.series:
                    print(f"  {count} series", file=sys.stderr)
                    report.append(measure_series(count, needletail))
            show("growth", report, *series_table(report))
    finally:
        load.stop()
        if options.json:
            options.json.write_text(json.dumps(reports, indent=1))
    return all(are_met)


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

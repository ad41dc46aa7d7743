#!/usr/bin/env python3
"""Measures Needletail's scrape endpoint, and prints a table for each question:

cost     processor time of a scrape of 20 000 points, compared with gzip -1 over the same text
latency  how long ingestion requests take while the collector is scraped
growth   memory, ingestion and scrapes from a thousand to a million histogram series

All programs share the machine: compare numbers of one run.
"""

import sys

import parts
from scrape_cost import measure_scrapes, scrape_notes, scrape_table
from scrape_growth import SERIES, measure_series, series_table
from scrape_latency import latency_table, measure_latency


def arguments():
    parser = parts.parser(__doc__, ("cost", "latency", "growth"))
    parser.add_argument("--rounds", type=int, default=20, help="scrapes of each format (default 20)")
    parser.add_argument("--seconds", type=float, default=5, help="per measurement of latency (default 5)")
    parser.add_argument("--series", type=int, default=SERIES[-1], help="at most in growth (default 1000000)")
    return parser.parse_args()


def measure(run):
    options = run.options
    if "cost" in options.parts:
        report = measure_scrapes(run.needletail, run.directory, options.rounds)
        run.show("cost", report, *scrape_table(report), scrape_notes(report))
    if "latency" in options.parts:
        report = measure_latency(run.needletail, run.load, options.seconds, rounds=3)
        run.show("latency", report, *latency_table(report))
    if "growth" in options.parts:
        report = []
        for count in SERIES:
            if count <= options.series:
                print(f"  {count} series", file=sys.stderr)
                report.append(measure_series(count, run.needletail))
        run.show("growth", report, *series_table(report))


if __name__ == "__main__":
    sys.exit(parts.main(arguments(), measure))

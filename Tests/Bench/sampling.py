#!/usr/bin/env python3
"""Measures how Needletail's tail sampling scales, and prints a table for each question:

growth  cost per span and memory as the traces held and the policies become more
stall   how long ingestion waits while 100 thousand traces expire in one moment
burst   whether memory returns after a burst
soak    whether memory stays flat under random ids and labels that never come again (only with --soak)

Generator, collector and sink share the machine: compare numbers of one run.
"""

import sys

import parts
from growth import GROWTH, byte_budget, growth_notes, growth_table, measure_growth
from memory_return import measure_return, return_table
from soak import soak, soak_table
from stall import STALLS, measure_stall, stall_table


def arguments():
    parser = parts.parser(__doc__, ("growth", "stall", "burst"))
    parser.add_argument("--soak", type=float, default=0, metavar="SECONDS", help="soak for that long (default: not)")
    parser.add_argument("--seconds", type=float, default=5, help="per measurement of growth (default 5)")
    parser.add_argument("--rounds", type=int, default=5, help="of the stall (default 5)")
    parser.add_argument("--rate", type=int, default=300_000, help="spans per second while growing (default 300000)")
    return parser.parse_args()


def measure(run):
    options, programs = run.options, (run.needletail, run.load, run.directory)
    if "growth" in options.parts:
        report = measure_all_growth(*programs, options)
        run.show("growth", {row.title: each for row, each in report}, *growth_table(report), growth_notes(report))
    if "stall" in options.parts:
        report = {stall.title: measure_stall(stall, *programs, options.rounds) for stall in STALLS}
        run.show("stall", report, *stall_table(report))
    if "burst" in options.parts:
        report = measure_return(*programs)
        run.show("burst", report, *return_table(report))
    if options.soak:
        report = soak(*programs, options.soak)
        run.show("soak", report, *soak_table(report))


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


if __name__ == "__main__":
    sys.exit(parts.main(arguments(), measure))

"""What programs that measure something in several parts share: their arguments, and how they run, print and keep it."""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile

from programs import BenchError, Needletail, OTLPLoad
from text_table import print_table

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Parts:
    """One run: the programs, the parts that are wanted, and what they found."""

    def __init__(self, options, directory):
        for binary in (options.needletail, options.otlpload):
            if not binary.exists():
                raise BenchError(f"{binary} is missing; run swift build -c release --product {binary.name}")
        self.options, self.directory = options, directory
        self.load = OTLPLoad(options.otlpload, directory)
        self.needletail = Needletail(directory, self.load.port, options.needletail)
        self.reports = {}
        self.are_met = []

    def show(self, name, report, lines, is_met, notes=()):
        """Prints a part's table and keeps its measurements."""
        self.reports[name] = report
        self.are_met.append(is_met)
        print_table(lines)
        print(*notes, sep="\n", end="\n\n", flush=True)


def parser(description, parts):
    """Takes what all such programs take."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument(
        "--parts", default=",".join(parts), help=f"which of {', '.join(parts)}, by commas (default: all)")
    made.add_argument("--check", action="store_true", help="fail when a goal is missed")
    made.add_argument("--json", type=pathlib.Path, help="write all measurements to this file")
    build = ROOT / ".build" / "release"
    made.add_argument("--needletail", type=pathlib.Path, default=build / "needletail")
    made.add_argument("--otlpload", type=pathlib.Path, default=build / "otlpload")
    return made


def main(options, measure):
    """Lets `measure` run the wanted parts in a directory of their own; the exit status."""
    # Stays when something fails: error messages name the logs in it.
    directory = pathlib.Path(tempfile.mkdtemp(prefix="needletail-bench-"))
    try:
        run = Parts(options, directory)
        try:
            measure(run)
        finally:
            run.load.stop()
            if options.json:
                options.json.write_text(json.dumps(run.reports, indent=1))
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    shutil.rmtree(directory)
    return 1 if options.check and not all(run.are_met) else 0

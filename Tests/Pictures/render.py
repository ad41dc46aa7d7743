"""Draws dashboards/pictures/*.svg: each panel of each dashboard, in its place, from the answers to its queries.

    python Tests/Pictures/render.py                     runs the demo and a Prometheus for a quarter of an hour first
    python Tests/Pictures/render.py --prometheus URL    draws what is there

These are not Grafana's pictures; the queries, titles, units, thresholds and the layout are the dashboards' own.
"""

import argparse
import pathlib
import sys
import tempfile
import time

import requests

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

from dashboard import PATHS, Dashboard  # noqa: E402
from data import Source  # noqa: E402
from demo import DASHBOARDS  # noqa: E402
from heatmap import heatmap  # noqa: E402
from nodegraph import nodegraph  # noqa: E402
from present import bargauge, stat  # noqa: E402
from prometheus import Prometheus  # noqa: E402
from svg import INK, LINE, PAGE, Svg, fitted, wrapped  # noqa: E402
from table import table  # noqa: E402
from timeseries import timeseries  # noqa: E402
from world import world  # noqa: E402

TROUBLE, CYCLE = 160, 240
"""Seconds, as in the demo."""
WIDTH, COLUMN, ROW, GAP = 1248, 51, 31, 8
DRAW = {
    "timeseries": timeseries, "heatmap": heatmap, "stat": stat, "bargauge": bargauge, "table": table, "nodeGraph": nodegraph,
}


def draw(dashboard, source):
    introduction = wrapped(dashboard.json["description"], 12, WIDTH - 40)
    top = 44 + 16 * len(introduction)
    panels = [panel["gridPos"] for panel in dashboard.json["panels"]]
    svg = Svg(WIDTH, top + max(place["y"] + place["h"] for place in panels) * ROW + GAP)
    svg.rect(0, 0, svg.width, svg.height, PAGE)
    svg.text(16, 30, dashboard.title, 19, INK, weight="600")
    moment = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(source.end))
    svg.text(WIDTH - 16, 30, f"{round((source.end - source.start) / 60)} minutes to {moment}", 11, anchor="end")
    for row, line in enumerate(introduction):
        svg.text(16, 50 + 16 * row, line, 12)
    for panel in dashboard.json["panels"]:
        place = panel["gridPos"]
        x, y = 12 + place["x"] * COLUMN, top + place["y"] * ROW
        width, height = place["w"] * COLUMN - GAP, place["h"] * ROW - GAP
        if panel["type"] == "row":
            svg.text(x + 4, y + 17, panel["title"], 13, INK, weight="600")
            continue
        svg.rect(x, y, width, height, "#fff", rx=3, stroke=LINE)
        svg.text(x + 10, y + 19, fitted(panel["title"], 12.5, width - 20), 12.5, INK, weight="600")
        DRAW[panel["type"]](svg, panel, (x + 10, y + 28, width - 20, height - 36), source)
    svg.write(DASHBOARDS / "pictures" / f"{dashboard.path.stem}.svg")


def draw_all(prometheus, minutes):
    end = time.time() // 10 * 10
    for path in PATHS:
        dashboard = Dashboard(path)
        step = max(5, round(minutes * 60 / 110))
        dashboard.choose(prometheus, f"{max(step + 10, 40)}s")
        draw(dashboard, Source(prometheus, dashboard, end - minutes * 60, end, step))


class Running(Prometheus):
    """A Prometheus that someone else started."""

    def __init__(self, url):
        self.url = url
        requests.get(f"{url}/-/ready", timeout=5).raise_for_status()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--minutes", type=float, default=15)
    arguments.add_argument("--prometheus", metavar="URL")
    options = arguments.parse_args()
    if options.prometheus:
        return draw_all(Running(options.prometheus), options.minutes)
    with tempfile.TemporaryDirectory() as directory, world(pathlib.Path(directory)) as prometheus:
        time.sleep(options.minutes * 60 + 30)
        # Until the shop's payment has trouble, which is more to look at.
        time.sleep((TROUBLE - time.time()) % CYCLE)
        draw_all(prometheus, options.minutes)


if __name__ == "__main__":
    sys.exit(main())

"""What a panel's queries answer, in the shapes that panels are drawn from."""

import math
import re
from dataclasses import dataclass


@dataclass
class Line:
    name: str
    points: list
    """(seconds since 1970, value)"""
    labels: dict

    @property
    def last(self):
        return self.points[-1][1]


class Source:
    """A Prometheus and the time that is drawn."""

    def __init__(self, prometheus, dashboard, start, end, step):
        self.prometheus, self.dashboard = prometheus, dashboard
        self.start, self.end, self.step = start, end, step

    def lines(self, panel):
        found = []
        for target in panel["targets"]:
            answer = self.prometheus.api(
                "query_range", query=self.dashboard.filled(target["expr"]), start=self.start, end=self.end, step=self.step)
            for series in answer["result"]:
                points = [(float(at), float(value)) for at, value in series["values"]]
                points = [(at, value) for at, value in points if math.isfinite(value)]
                if points:
                    found.append(Line(legend(target, series["metric"]), points, series["metric"]))
        return found

    def exemplars(self, panel):
        """(seconds since 1970, value)"""
        found = set()
        for target in panel["targets"]:
            if target.get("exemplar"):
                query = self.dashboard.filled(target["expr"])
                for series in self.prometheus.api("query_exemplars", query=query, start=self.start, end=self.end):
                    found |= {(float(one["timestamp"]), float(one["value"])) for one in series["exemplars"]}
        return sorted(found)

    def instant(self, target):
        """[(labels, value)]"""
        query = self.dashboard.filled(target["expr"])
        answer = self.prometheus.api("query", query=query, time=self.end)
        return [(series["metric"], float(series["value"][1])) for series in answer["result"]]

    def rows(self, panel):
        """A table: (columns, rows), after the panel's transformations."""
        organize = next(step["options"] for step in panel["transformations"] if step["id"] == "organize")
        renamed = organize["renameByName"]
        rows = {}
        for target in panel["targets"]:
            value_name = f"Value #{target['refId']}" if len(panel["targets"]) > 1 else "Value"
            for labels, value in self.instant(target):
                rows.setdefault(tuple(sorted(labels.items())), dict(labels))[value_name] = value
        columns = [name for name in renamed if not organize["excludeByName"].get(name)]
        return [renamed[name] for name in columns], [[row.get(name) for name in columns] for row in rows.values()]


def legend(target, labels):
    return re.sub(r"\{\{(\w+)\}\}", lambda match: labels.get(match[1], ""), target["legendFormat"]).strip()


def threshold_color(defaults, value):
    """The colour of the highest step that the value reaches."""
    chosen = "text"
    for step in defaults.get("thresholds", {"steps": []})["steps"]:
        if step["value"] is None or value >= step["value"]:
            chosen = step["color"]
    return chosen

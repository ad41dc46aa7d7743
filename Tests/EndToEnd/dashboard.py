"""Dashboards as Grafana reads them: panels, queries, and what their variables stand for."""

import json
import re

from demo import DASHBOARDS

PATHS = sorted(DASHBOARDS.glob("*.json"))


class Dashboard:
    """One file. Its variables have no values before `choose`."""

    def __init__(self, path):
        self.path = path
        self.json = json.loads(path.read_text())
        self.title = self.json["title"]
        self.panels = [panel for panel in self.json["panels"] if panel["type"] != "row"]
        self.rows = [panel for panel in self.json["panels"] if panel["type"] == "row"]
        self.values = {}

    @property
    def variables(self):
        """Those that ask Prometheus: (variable, selector, label)."""
        for variable in self.json["templating"]["list"]:
            if variable["type"] == "query":
                selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"]).groups()
                yield variable, selector, label

    @property
    def expressions(self):
        """All PromQL as it is in the file: (whose, text)."""
        for panel in self.panels:
            for target in panel["targets"]:
                yield panel["title"], target["expr"]
        for variable, selector, label in self.variables:
            yield variable["name"], f"group by ({label}) ({selector})"

    def choose(self, prometheus, rate_interval):
        """Gives the variables the values that the file chooses; `All` is what Grafana takes it for.

        LookupError when Prometheus has none of them.
        """
        self.values = {"__rate_interval": rate_interval}
        for variable, selector, label in self.variables:
            expression = self.filled(f"group by ({label}) ({selector})")
            found = sorted(series["metric"][label] for series in prometheus.api("query", query=expression)["result"])
            chosen = variable["current"]["value"]
            if chosen == ["$__all"]:
                chosen, value = found, variable.get("allValue") or f"({'|'.join(found)})"
            else:
                value = f"({'|'.join(chosen)})"
            if not chosen or not set(chosen) <= set(found):
                raise LookupError(f"{self.path.name}: {variable['name']} cannot be {chosen}")
            self.values[variable["name"]] = value

    def filled(self, expression):
        """An expression with all variables replaced."""
        for name, value in self.values.items():
            expression = re.sub(rf"\$(?:{name}\b|\{{{name}\}})", lambda _, value=value: value, expression)
        return expression

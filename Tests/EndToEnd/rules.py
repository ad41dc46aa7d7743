"""The rules for Prometheus in dashboards/rules."""

import yaml

from demo import DASHBOARDS

FOLDER = DASHBOARDS / "rules"
FILES = sorted(path for path in FOLDER.glob("*.yaml") if not path.stem.endswith("_test"))
TESTS = sorted(FOLDER.glob("*_test.yaml"))
RULES = [rule for path in FILES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]
ALERTS = [rule for rule in RULES if "alert" in rule]


def recorded():
    """The names of the metrics that rules make."""
    return {rule["record"] for rule in RULES if "record" in rule}

"""Prometheus' configuration and rules: promtool takes them, their unit tests hold, and alerts say what to do."""

import re
import subprocess

import pytest
import yaml

from demo import DASHBOARDS
from promql import selectors
from rules import ALERTS, FILES, RULES, TESTS, recorded


def promtool(*arguments):
    result = subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=100)
    assert result.returncode == 0, result.stdout + result.stderr


def test_prometheus_takes_the_configuration_and_the_rules():
    promtool("check", "config", DASHBOARDS / "prometheus.yaml")
    promtool("check", "rules", *FILES)
    named = yaml.safe_load((DASHBOARDS / "prometheus.yaml").read_text())["rule_files"]
    assert sorted(DASHBOARDS / name for name in named) == FILES


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_the_unit_tests_of_the_rules_hold(path):
    promtool("test", "rules", path)


def test_every_alert_has_a_unit_test():
    texts = "".join(path.read_text() for path in TESTS)
    assert [rule["alert"] for rule in ALERTS if rule["alert"] not in texts] == []


def test_every_alert_says_what_it_means_and_what_to_do():
    for rule in ALERTS:
        assert set(rule["annotations"]) == {"summary", "description", "runbook"}, rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket") and rule["for"], rule["alert"]


def test_alerts_name_only_labels_that_their_expressions_leave():
    """Those of `by (…)`; where there is none, any that the metric has."""
    of_recorded = {"service_name", "slo"}
    of_metrics = {"job", "instance", "exporter", "signal", "branch"}
    for rule in ALERTS:
        used = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
        kept = re.search(r"\bby \(([^)]*)\)", rule["expr"])
        names = {name for name, _ in selectors(rule["expr"])}
        left = set(re.findall(r"\w+", kept[1])) if kept else of_recorded if names <= recorded() else of_metrics
        assert used <= left, rule["alert"]


def test_windows_are_recorded_for_every_burn_rate():
    burns = {rule["labels"]["burn"]: rule["expr"] for rule in ALERTS if "burn" in rule["labels"]}
    windows = {burn: tuple(re.findall(r"ratio_rate(\w+)", text)) for burn, text in burns.items()}
    assert windows == {"14.4": ("1h", "5m"), "6": ("6h", "30m"), "3": ("1d", "2h"), "1": ("3d", "6h")}
    wanted = {name for rule in RULES for name, _ in selectors(rule["expr"]) if ":" in name}
    assert wanted <= recorded()

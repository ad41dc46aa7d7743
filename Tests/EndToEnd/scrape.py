"""Scrapes, parsed by Prometheus's own Python client."""

import requests
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def openmetrics(url):
    """The families of an OpenMetrics scrape, by name."""
    answer = requests.get(url, headers={"Accept": OPENMETRICS}, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(OPENMETRICS)
    return {family.name: family for family in parse_openmetrics(answer.text)}


def text(url):
    """The families of a scrape in text format 0.0.4, by name."""
    answer = requests.get(url, timeout=10)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {family.name: family for family in parse_text(answer.text)}


def exemplars(families):
    """(sample, exemplar) for every sample that has one."""
    return [(sample, sample.exemplar) for family in families.values() for sample in family.samples if sample.exemplar]

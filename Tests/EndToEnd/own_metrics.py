"""What the daemon tells of itself at its own scrape endpoint."""

import requests
from prometheus_client.parser import text_string_to_metric_families


def own_metrics(daemon):
    """All samples: (name, labels as pairs, value). Names are without the `_total` that the parser gives counters."""
    text = requests.get(daemon.own_metrics, timeout=10).text
    return [
        (sample.name.removesuffix("_total"), sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


def own_metric(daemon, name, **labels):
    """The sum of a metric's samples that have these labels; it must have one."""
    named = [(pairs, value) for sample, pairs, value in own_metrics(daemon) if sample == name]
    found = [value for pairs, value in named if labels.items() <= pairs.items()]
    assert found, f"{name}{labels} is not among the own metrics"
    return sum(found)

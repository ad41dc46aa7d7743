"""A simulation gives the same result every time, and a configuration exactly that of itself."""

import json
import random

import pytest

from captures import SAMPLING, simulate

ERROR = "type: status_code, status_code: {status_codes: [ERROR]}"
POLICIES = {
    "always_sample": "{name: p, type: always_sample}",
    "probabilistic": "{name: p, type: probabilistic, probabilistic: {sampling_percentage: 10}}",
    "rate_limiting": "{name: p, type: rate_limiting, rate_limiting: {spans_per_second: 50}}",
    "bytes_limiting": "{name: p, type: bytes_limiting, bytes_limiting: {bytes_per_second: 5000}}",
    "composite": """{name: p, type: composite, composite: {max_total_spans_per_second: 60,
        rate_allocation: [{policy: e, percent: 33.3}, {policy: s, percent: 33.3}, {policy: a, percent: 33.4}],
        composite_sub_policy: [{name: e, %s}, {name: s, type: latency, latency: {threshold_ms: 100}},
        {name: a, type: always_sample}]}}"""
    % ERROR,
    "and": """{name: p, type: and, and: {and_sub_policy: [{name: s, type: latency, latency: {threshold_ms: 100}},
        {name: r, type: rate_limiting, rate_limiting: {spans_per_second: 20}}]}}""",
    "adaptive": "{name: p, type: adaptive, adaptive: {spans_per_second: 50, floor_per_second: 1}}",
    "latency_percentile": "{name: p, type: latency_percentile, latency_percentile: {percentile: 90, window: 10s}}",
    "error_rate": "{name: p, type: error_rate, error_rate: {threshold_percent: 10, sampling_percentage: 50}}",
    "linked": "{name: e, %s}, {name: p, type: linked, linked: {budget_per_second: 3}}" % ERROR,
}


@pytest.fixture(scope="module")
def dense(tmp_path_factory):
    """A capture whose requests hold hundreds of traces each, so that all of them are decided at one time."""
    directory = tmp_path_factory.mktemp("dense")
    dice = random.Random(5)
    traces, lines = [], []
    for number in range(25):
        groups = []
        for service in ("shop", "bank", "mail"):
            spans = []
            for _ in range(80):
                trace = dice.randbytes(16).hex()
                start = 1_700_000_000_000_000_000 + number * 400_000_000
                spans.append({
                    "traceId": trace, "spanId": dice.randbytes(8).hex(), "name": f"route {dice.randrange(4)}",
                    "startTimeUnixNano": str(start),
                    "endTimeUnixNano": str(start + int(dice.expovariate(1 / 50) * 1e6)),
                    "status": {"code": 2 if dice.random() < (0.02 if service == "mail" else 0.2) else 0},
                    "links": [{"traceId": dice.choice(traces), "spanId": "01" * 8}] if traces else [],
                })
                traces = traces[-400:] + [trace]
            attributes = [{"key": "service.name", "value": {"stringValue": service}}]
            groups.append({"resource": {"attributes": attributes}, "scopeSpans": [{"spans": spans}]})
        lines.append(json.dumps({"resourceSpans": groups}) + "\n")
    (directory / "dense.jsonl").write_text("".join(lines))
    return directory


@pytest.mark.parametrize("limits", ["", "\n    max_buffer_mib: 1\n    num_shards: 3"], ids=["roomy", "tight"])
@pytest.mark.parametrize("policy", POLICIES)
def test_a_configuration_gains_and_loses_nothing_against_itself(dense, policy, limits):
    (dense / "same.yaml").write_text((SAMPLING % POLICIES[policy]).replace("decision_wait: 2s", f"decision_wait: 2s{limits}"))
    command = ["--config", "same.yaml", "--baseline", "same.yaml", "--json", "dense.jsonl"]
    first, second = (simulate(*command, directory=dense) for _ in range(2))
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == second.stdout
    result = json.loads(first.stdout)
    difference = result["difference"]
    assert (difference["gained_traces"], difference["lost_traces"]) == (0, 0)
    assert result["config"] == result["baseline"]
    assert result["config"]["kept_traces"] > 0
    assert policy == "always_sample" or result["config"]["kept_traces"] < result["captures"]["traces"]
    assert not limits or result["config"]["triggers"].get("pressure", 0) > 0


def test_a_window_larger_than_one_shard_is_simulated_as_one_and_says_so(dense):
    config = SAMPLING.replace("decision_wait: 2s", "decision_wait: 2s\n    max_buffer_mib: 8192")
    (dense / "large.yaml").write_text(config % POLICIES["rate_limiting"])
    (dense / "usual.yaml").write_text(SAMPLING % POLICIES["rate_limiting"])
    done = simulate("--config", "large.yaml", "--baseline", "usual.yaml", "--json", "dense.jsonl", directory=dense)
    result = json.loads(done.stdout)
    assert (result["difference"]["gained_traces"], result["difference"]["lost_traces"]) == (0, 0)
    assert any("max_buffer_mib: 2048" in note for note in result["notes"])

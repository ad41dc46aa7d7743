"""The examples of README's sampling chapter keep what they should, in simulations and in the daemon."""

import json
import re
import subprocess

import pytest
import yaml

import otlp
from daemon import ROOT, binary, environment
from sampling_examples import BY_CHANCE, KINDS, WANTED, busy_lines, json_line, traces

ROUNDS = 30
README = (ROOT / "README.md").read_text()
POLICIES = re.findall(r"^```yaml policies\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
EXPECTATIONS = re.findall(r"^```yaml expectations\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
TYPES = {
    "always_sample", "and", "adaptive", "boolean_attribute", "bytes_limiting", "composite", "drop", "error_rate",
    "latency", "latency_percentile", "linked", "not", "numeric_attribute", "ottl_condition", "probabilistic",
    "rate_limiting", "span_count", "status_code", "string_attribute", "trace_flags", "trace_state",
}


def configuration(policies):
    return yaml.dump({
        "receivers": {"otlp": {"protocols": {"http": None}}},
        "processors": {"tail_sampling": {"decision_wait": "5s", "policies": policies}},
        "exporters": {"nop": None},
        "service": {
            "pipelines": {"traces": {"receivers": ["otlp"], "processors": ["tail_sampling"], "exporters": ["nop"]}}
        },
    })


def simulate(*arguments):
    return subprocess.run(
        [binary(), "simulate", *map(str, arguments)], capture_output=True, text=True, timeout=60,
        env=environment({"HOME": "/"}), cwd=ROOT)


def policies_of(block):
    return yaml.safe_load(block)


def with_(name):
    """The example that has this policy."""
    (block,) = [block for block in POLICIES if any(each["name"] == name for each in policies_of(block))]
    return policies_of(block)


def is_known(block):
    """Whether what each policy of an example keeps depends on the single trace alone."""
    return all(each["name"] in WANTED for each in policies_of(block))


each_known_example = pytest.mark.parametrize(
    "block", [block for block in POLICIES if is_known(block)], ids=lambda block: policies_of(block)[0]["name"])


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    path = tmp_path_factory.mktemp("capture") / "capture.jsonl"
    path.write_text("".join(json_line(trace.request) for trace in traces(ROUNDS)))
    return path


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """Twenty seconds of 3000 spans."""
    path = tmp_path_factory.mktemp("busy") / "busy.jsonl"
    path.write_text("".join(busy_lines(20, 300)))
    return path


@pytest.fixture(scope="module")
def flood(tmp_path_factory):
    """Two seconds of 10 000 spans, 13 MB."""
    path = tmp_path_factory.mktemp("flood") / "flood.jsonl"
    path.write_text("".join(busy_lines(2, 1000, padding=500)))
    return path


def result(policies, capture):
    done = simulate("--config", f"yaml:{configuration(policies)}", "--json", capture)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    report["policies"] = {each["policy"]: each for each in report["config"]["policies"] if each["policy"]}
    assert all(each["votes"]["error"] == 0 for each in report["policies"].values())
    return report


def types_of(policies):
    for policy in policies:
        yield policy["type"]
        for part in (policy.get(policy["type"]) or {}).items() if isinstance(policy.get(policy["type"]), dict) else ():
            if part[0].endswith("sub_policy"):
                yield from types_of(part[1] if isinstance(part[1], list) else [part[1]])


def test_every_type_of_policy_has_an_example():
    assert {each for block in POLICIES for each in types_of(yaml.safe_load(block))} == TYPES


def test_every_example_has_an_expectation():
    """Those whose policies are not in `WANTED` have a test of their own below."""
    others = {policies_of(block)[0]["name"] for block in POLICIES if not is_known(block)}
    assert others == {"at-most", "budget", "p99", "failing", "enough"}


@each_known_example
def test_every_policy_of_an_example_wants_what_it_should_and_nothing_else(block, capture):
    policies = policies_of(block)
    found = result(policies, capture)
    for policy in policies:
        votes = found["policies"][policy["name"]]["votes"]
        wanted = votes["dropped" if policy["type"] == "drop" else "sampled"]
        expected = ROUNDS * len(WANTED[policy["name"]])
        if policy["name"] in BY_CHANCE:
            assert 0 < wanted < 3 * BY_CHANCE[policy["name"]] * expected, policy
        else:
            assert wanted == expected, policy
        assert sum(votes.values()) == ROUNDS * len(KINDS)
    assert 0 < found["config"]["kept_traces"] < ROUNDS * len(KINDS)


@each_known_example
def test_the_daemon_keeps_with_an_example_what_its_policies_want(block, start, backend):
    policies = policies_of(block)
    sampling = {"tail_sampling": {"decision_wait": "1s", "policies": policies}}
    daemon = start(yaml.dump({
        "processors": sampling, "service": {"pipelines": {"traces": {"processors": ["tail_sampling"]}}}}))
    sent = traces(3)
    for trace in sent:
        otlp.send(daemon, trace.request)
    daemon.stop()
    kept = {span.trace_id for span in otlp.spans(*backend.messages())}
    deciding = [policy for policy in policies if not policy.get("shadow")]
    wants = [WANTED[policy["name"]] for policy in deciding if policy["type"] != "drop"]
    drops = [WANTED[policy["name"]] for policy in deciding if policy["type"] == "drop"]
    kinds = set().union(*wants).difference(*drops)
    expected = {trace.id for trace in sent if trace.kind in kinds}
    if any(policy["name"] in BY_CHANCE for policy in deciding):
        assert kept <= expected
    else:
        assert kept == expected


def test_limits_keep_what_they_allow_and_no_more(flood):
    found = result(with_("at-most"), flood)
    spans, size = found["policies"]["at-most"]["kept_spans"], found["policies"]["or-bytes"]["kept_bytes"]
    assert 500 <= spans <= 500 * 4
    assert 4_000_000 <= size <= 4_000_000 + 2_500_000
    assert found["config"]["kept_traces"] < found["captures"]["traces"] * 0.7


def test_a_composite_keeps_nearly_every_error_of_few_and_fills_the_rest_of_its_total(busy):
    found = result(with_("budget"), busy)
    parts = {part["policy"]: part for part in found["policies"]["budget"]["parts"]}
    errors = result([{"name": "e", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}}], busy)
    # All but a few that come late in a second with more than was usual.
    assert parts["budget/errors"]["kept_traces"] >= 0.9 * errors["config"]["kept_traces"] > 0
    assert parts["budget/rest"]["kept_traces"] > 0
    assert 800 <= found["config"]["kept_spans_per_second"] <= 1150


def test_a_percentile_keeps_about_its_share_beside_a_percent_of_everything(busy):
    found = result(with_("p99"), busy)
    share = {name: each["votes"]["sampled"] / found["captures"]["traces"] for name, each in found["policies"].items()}
    assert 0.005 < share["p99"] < 0.02
    assert 0.005 < share["one-percent"] < 0.015


def test_what_fails_is_kept_while_it_fails_and_nothing_else(busy):
    shaky = {"name": "s", "type": "string_attribute", "string_attribute": {"key": "service.name", "values": ["shaky"]}}
    only = {"name": "d", "type": "drop", "drop": {"drop_sub_policy": [shaky]}}
    of_shaky = result([shaky], busy)["config"]["kept_traces"]
    kept = result(with_("failing"), busy)["config"]["kept_traces"]
    assert of_shaky * 0.8 < kept <= of_shaky
    assert result(with_("failing") + [only], busy)["config"]["kept_traces"] == 0


def test_a_target_is_met_and_the_rare_key_is_kept_whole(busy):
    rare = {"name": "r", "type": "string_attribute", "string_attribute": {"key": "service.name", "values": ["rare"]}}
    others = {"name": "d", "type": "drop", "drop": {"drop_sub_policy": [{"name": "n", "type": "not", "not": {
        "not_sub_policy": rare}}]}}
    found = result(with_("enough"), busy)
    assert 1600 < found["config"]["kept_spans_per_second"] < 2400
    assert result(with_("enough") + [others], busy)["config"]["kept_traces"] == 10


def test_the_example_of_expectations_holds(capture, tmp_path):
    (block,) = EXPECTATIONS
    (tmp_path / "policies.yaml").write_text(block)
    policies = [{"name": "errors", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}}]
    config = f"yaml:{configuration(policies)}"
    done = simulate("--config", config, "--expect", tmp_path / "policies.yaml", capture)
    assert done.returncode == 0, done.stdout + done.stderr
    policies[0]["status_code"]["status_codes"] = ["OK"]
    done = simulate("--config", f"yaml:{configuration(policies)}", "--expect", tmp_path / "policies.yaml", capture)
    assert done.returncode == 1
    assert "a failed payment is kept" in done.stdout + done.stderr

"""The examples of README's sampling chapter run: each list of policies decides captured traces."""

import json
import re
import subprocess

import pytest
import yaml
from google.protobuf.json_format import MessageToDict

import otlp
from daemon import ROOT, binary, environment

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


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    """Traces of which each policy of the chapter that looks at single traces keeps some, and some none."""
    kinds = [
        {}, {"status": 2}, {"duration": 700_000_000}, {"duration": 300_000_000},
        {"attributes": {"customer.tier": "gold"}}, {"attributes": {"http.route": "/admin/users"}},
        {"attributes": {"http.response.status_code": 503}}, {"attributes": {"feature.new_checkout": True}},
        {"attributes": {"http.route": "/health"}}, {"attributes": {"user_agent": "synthetics"}},
        {"service": "payment", "attributes": {"retry.count": 3}}, {"service": "checkout", "duration": 250_000_000},
    ]
    path = tmp_path_factory.mktemp("capture") / "capture.jsonl"
    lines = []
    for round_ in range(30):
        for kind in kinds:
            request = otlp.traces(2, **kind)
            spans = request.resource_spans[0].scope_spans[0].spans
            spans[1].trace_id = spans[0].trace_id
            spans[1].parent_span_id = spans[0].span_id
            if round_ % 3 == 0:
                spans[0].trace_state, spans[0].flags = "debug=on", 1
            for span in spans:
                span.start_time_unix_nano += round_ * 1_000_000_000
                span.end_time_unix_nano += round_ * 1_000_000_000
            text = MessageToDict(request, use_integers_for_enums=True)
            for span, message in zip(text["resourceSpans"][0]["scopeSpans"][0]["spans"], spans):
                span["traceId"], span["spanId"] = message.trace_id.hex(), message.span_id.hex()
                if message.parent_span_id:
                    span["parentSpanId"] = message.parent_span_id.hex()
            lines.append(json.dumps(text))
    path.write_text("\n".join(lines) + "\n")
    return path


def types_of(policies):
    for policy in policies:
        yield policy["type"]
        for part in (policy.get(policy["type"]) or {}).items() if isinstance(policy.get(policy["type"]), dict) else ():
            if part[0].endswith("sub_policy"):
                yield from types_of(part[1] if isinstance(part[1], list) else [part[1]])


def test_every_type_of_policy_has_an_example():
    assert {each for block in POLICIES for each in types_of(yaml.safe_load(block))} == TYPES


@pytest.mark.parametrize("block", POLICIES, ids=lambda block: yaml.safe_load(block)[0]["name"])
def test_every_example_decides(block, capture):
    policies = yaml.safe_load(block)
    done = simulate("--config", f"yaml:{configuration(policies)}", "--json", capture)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    votes = {each["policy"]: each["votes"] for each in report["config"]["policies"] if each["policy"]}
    for policy in policies:
        assert sum(votes[policy["name"]].values()) == 360, policy
        assert votes[policy["name"]]["error"] == 0


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

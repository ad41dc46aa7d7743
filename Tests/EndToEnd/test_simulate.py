"""`needletail simulate` on captures that a running daemon wrote, as a person or a CI job uses it."""

import gzip
import json
import os
import pty
import random
import select
import subprocess

import pytest
import requests

import otlp
from daemon import binary, environment, poll

SAMPLING = """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
processors:
  batch: {}
  tail_sampling:
    decision_wait: 2s
    policies: [%s]
exporters: {nop: {}}
service: {pipelines: {traces: {receivers: [otlp], processors: [tail_sampling, batch], exporters: [nop]}}}
"""
ERRORS = "{name: errors, type: status_code, status_code: {status_codes: [ERROR]}}"
SLOW = "{name: slow, type: latency, latency: {threshold_ms: 500}}"
PERCENT = "{name: some, type: probabilistic, probabilistic: {sampling_percentage: 30}}"
TRACES = 200


def simulate(*arguments, directory, stdin=None):
    """Runs `needletail simulate` to its end."""
    return subprocess.run(
        [str(binary()), "simulate", *map(str, arguments)],
        env=environment(),
        cwd=directory,
        capture_output=True,
        input=stdin,
        text=True,
        timeout=60,
    )


def shop(seed=7):
    """Requests with `TRACES` traces of three spans in two services, and which of the traces fail or are slow."""
    dice = random.Random(seed)
    failed, slow, messages = set(), set(), []
    for number in range(TRACES):
        trace = dice.randbytes(16)
        is_failed, is_slow = dice.random() < 0.1, dice.random() < 0.1
        failed |= {trace.hex()} if is_failed else set()
        slow |= {trace.hex()} if is_slow else set()
        for service, count in (("shop", 1), ("bank", 2)):
            messages.append(
                otlp.traces(
                    count,
                    service=service,
                    trace_ids=[trace] * count,
                    duration=900_000_000 if is_slow else 20_000_000,
                    status=2 if is_failed and service == "bank" else 0,
                )
            )
    return messages, failed, slow


def send(daemon, message, signal="traces"):
    answer = requests.post(
        f"{daemon.http}/v1/{signal}",
        data=message.SerializeToString(),
        headers={"Content-Type": "application/x-protobuf"},
        timeout=20,
    )
    assert answer.status_code == 200, answer.content


def trace_ids(path):
    """The traces in a file of OTLP/JSON lines."""
    return {
        span["traceId"]
        for line in path.read_text().splitlines()
        for group in json.loads(line).get("resourceSpans", [])
        for scope in group["scopeSpans"]
        for span in scope["spans"]
    }


@pytest.fixture
def captured(start, tmp_path):
    """A directory with `capture.jsonl`: everything a daemon without a sampler took, metrics included."""
    messages, failed, slow = shop()
    daemon = start(f"""
exporters: {{file: {{path: {tmp_path}/capture.jsonl}}}}
service:
  pipelines:
    traces: {{receivers: [otlp], exporters: [file]}}
    metrics: {{receivers: [otlp], exporters: [file]}}
""")
    for message in messages:
        send(daemon, message)
    send(daemon, otlp.gauge(), "metrics")
    daemon.stop()
    (tmp_path / "new.yaml").write_text(SAMPLING % f"{ERRORS}, {SLOW}")
    (tmp_path / "old.yaml").write_text(SAMPLING % ERRORS)
    return tmp_path, failed, slow


def test_what_two_configurations_keep_of_a_capture(captured):
    directory, failed, slow = captured
    done = simulate(
        "--config", "new.yaml", "--baseline", "old.yaml", "--json", "capture.jsonl", directory=directory
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["captures"] | {"bytes": 0, "first_arrival": "", "last_arrival": "", "duration_seconds": 0} == {
        "files": 1,
        "requests": 2 * TRACES,
        "metrics_requests": 1,
        "logs_requests": 0,
        "unreadable": 0,
        "invalid_spans": 0,
        "traces": TRACES,
        "spans": 3 * TRACES,
        "bytes": 0,
        "first_arrival": "",
        "last_arrival": "",
        "duration_seconds": 0,
    }
    now, before, difference = result["config"], result["baseline"], result["difference"]
    assert (now["kept_traces"], before["kept_traces"]) == (len(failed | slow), len(failed))
    assert now["kept_spans"] == 3 * len(failed | slow)
    assert 0 < now["kept_bytes_percent"] < 100
    assert (difference["gained_traces"], difference["lost_traces"]) == (len(slow - failed), 0)
    gained = [example["trace_id"] for example in difference["gained"]]
    assert len(gained) == min(10, len(slow - failed)) and set(gained) <= slow - failed
    assert any("not simulated" in note and "batch" in note for note in result["notes"])


def test_each_policy_has_its_share(captured):
    directory, failed, slow = captured
    done = simulate("--config", "new.yaml", "--json", "capture.jsonl", directory=directory)
    shares = {policy["policy"]: policy for policy in json.loads(done.stdout)["config"]["policies"]}
    assert set(shares) == {"errors", "slow", None}
    assert shares["errors"]["votes"]["sampled"] == len(failed)
    assert shares["slow"]["votes"]["sampled"] == len(slow)
    assert sum(share["kept_traces"] for share in shares.values()) == len(failed | slow)
    assert shares[None]["dropped_traces"] == TRACES - len(failed | slow)
    assert shares["slow"]["kept_traces"] == len(slow - failed)


def test_the_table_is_for_people(captured):
    directory, failed, slow = captured
    done = simulate("--config", "new.yaml", "--baseline", "old.yaml", "capture.jsonl", directory=directory)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split() for line in done.stdout.splitlines()]
    row = next(line for line in lines if line[:1] == ["traces"])
    assert row[1:3] == [str(TRACES), str(len(failed | slow))]
    assert row[-1] == f"+{len(slow - failed)}"
    assert "left out: 1 metrics requests" in done.stdout


def test_live_decisions_are_those_of_the_simulation(start, tmp_path):
    """The same traces through a daemon that samples, and through the simulation of its configuration."""
    messages, _, _ = shop(seed=11)
    policies = f"{ERRORS}, {SLOW}, {PERCENT}"
    daemon = start(f"""
processors: {{tail_sampling: {{decision_wait: 1h, policies: [{policies}]}}}}
exporters: {{file/all: {{path: {tmp_path}/all.jsonl}}, file/kept: {{path: {tmp_path}/kept.jsonl}}}}
service:
  pipelines:
    traces: {{receivers: [otlp], exporters: [file/all]}}
    traces/sampled: {{receivers: [otlp], processors: [tail_sampling], exporters: [file/kept]}}
""")
    for message in messages:
        send(daemon, message)
    daemon.stop()
    kept = trace_ids(tmp_path / "kept.jsonl")
    everything = trace_ids(tmp_path / "all.jsonl")
    assert 0 < len(kept) < len(everything) == TRACES
    (tmp_path / "config.yaml").write_text(SAMPLING % policies)
    live = {trace: "kept" if trace in kept else "dropped" for trace in everything}
    lines = [f"  - {{trace: {trace}, decision: {decision}}}\n" for trace, decision in live.items()]
    (tmp_path / "expect.yaml").write_text("expect:\n" + "".join(lines))
    done = simulate("--config", "config.yaml", "--expect", "expect.yaml", "all.jsonl", directory=tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"{TRACES} of {TRACES} expectations hold" in done.stdout


def test_expectations_decide_the_exit_status(captured):
    directory, failed, slow = captured
    (directory / "expect.yaml").write_text(f"""\
expect:
  - kept_traces: {len(failed | slow)}
  - kept_traces_percent: {{at_most: 1}}
  - gained_traces: {{at_least: 1}}
""")
    command = ["--config", "new.yaml", "--baseline", "old.yaml", "--expect", "expect.yaml", "capture.jsonl"]
    done = simulate(*command, directory=directory)
    assert done.returncode == 1
    assert "expect.yaml:3:26: failed: kept_traces_percent: found " in done.stdout
    assert "2 of 3 expectations hold" in done.stdout
    as_json = simulate("--json", *command, directory=directory)
    assert as_json.returncode == 1
    assert [result["holds"] for result in json.loads(as_json.stdout)["expectations"]] == [True, False, True]
    (directory / "expect.yaml").write_text("expect: [{kept_traces: {at_least: 1}}]")
    assert simulate(*command, directory=directory).returncode == 0


def test_traces_written_out_are_unit_tests_of_policies(tmp_path):
    (tmp_path / "new.yaml").write_text(SAMPLING % f"{ERRORS}, {SLOW}")
    (tmp_path / "expect.yaml").write_text("""\
traces:
  - name: slow checkout
    spans: [{service: shop, name: checkout, duration: 700ms}]
    expect: {decision: kept, by: slow}
  - name: failed payment
    spans: [{service: shop}, {service: bank, status: ERROR}]
    expect: {decision: kept, by: errors}
  - name: quick
    spans: [{duration: 5ms, attributes: {http.route: /cart, http.status_code: 200}}]
    expect: {decision: dropped}
""")
    done = simulate("--config", "new.yaml", "--expect", "expect.yaml", directory=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "3 of 3 expectations hold" in done.stdout
    (tmp_path / "new.yaml").write_text(SAMPLING % ERRORS)
    done = simulate("--config", "new.yaml", "--expect", "expect.yaml", directory=tmp_path)
    assert done.returncode == 1
    assert 'failed: trace "slow checkout": found dropped by (none)' in done.stdout


def test_every_form_of_capture_says_the_same(captured):
    directory, _, _ = captured
    text = (directory / "capture.jsonl").read_text()
    (directory / "capture.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    first, second = text.splitlines()[:2]
    message = otlp.REQUESTS["traces"]()
    from_json(first, message)
    (directory / "one.pb").write_bytes(message.SerializeToString())
    (directory / "one.json").write_text(json.dumps(json.loads(first), indent=2))
    (directory / "one.jsonl").write_text(first)

    def kept(*captures, stdin=None):
        done = simulate("--config", "new.yaml", "--json", *captures, directory=directory, stdin=stdin)
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        return result["config"], result["captures"] | {"files": 0}

    assert kept("capture.jsonl") == kept("capture.jsonl.gz") == kept("-", stdin=text)
    assert kept("one.jsonl") == kept("one.json")
    assert kept("one.jsonl")[1] == kept("one.pb")[1]


def test_a_long_capture_has_a_progress_bar_on_a_terminal_and_nowhere_else(captured):
    directory, _, _ = captured
    text = (directory / "capture.jsonl").read_text()
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [str(binary()), "simulate", "--config", "new.yaml", "-"],
        env=environment(), cwd=directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=theirs, text=True,
    )
    os.close(theirs)
    seen = ""

    def has_bar():
        nonlocal seen
        process.stdin.write(text.splitlines()[0] + "\n")
        process.stdin.flush()
        if select.select([ours], [], [], 0.05)[0]:
            seen += os.read(ours, 4096).decode()
        return "spans/s" in seen

    poll(has_bar, what="the progress bar")
    table, _ = process.communicate(timeout=30)
    os.close(ours)
    assert process.returncode == 0
    assert "traces" in table and "spans/s" not in table
    assert " MB  20" in seen


def from_json(line, message):
    """OTLP/JSON has ids in hexadecimal, protobuf's own JSON in base64."""
    from base64 import b64encode

    from google.protobuf.json_format import ParseDict

    request = json.loads(line)
    for group in request["resourceSpans"]:
        for scope in group["scopeSpans"]:
            for span in scope["spans"]:
                for key in ("traceId", "spanId", "parentSpanId"):
                    if key in span:
                        span[key] = b64encode(bytes.fromhex(span[key])).decode()
    ParseDict(request, message)


def test_hostile_captures_cost_only_themselves(captured):
    directory, failed, slow = captured
    hostile = b"nonsense\n{\"resourceSpans\":[{]\n" + os.urandom(300).replace(b"\n", b" ").replace(b"{", b" ") + b"\n"
    (directory / "hostile").write_bytes(b"{}\n" + hostile + (directory / "capture.jsonl").read_bytes())
    done = simulate("--config", "new.yaml", "--json", "hostile", "missing", directory=directory)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["captures"]["unreadable"] == 4
    assert json.loads(done.stdout)["config"]["kept_traces"] == len(failed | slow)
    for place in ("hostile:2: ", "hostile:3: ", "hostile:4: ", "missing: cannot read"):
        assert place in done.stderr
    alone = simulate("--config", "new.yaml", "missing", directory=directory)
    assert (alone.returncode, alone.stdout) == (2, "")


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--config", "missing.yaml", "c.jsonl"], "cannot read `missing.yaml`"),
        (["--config", "none.yaml", "c.jsonl"], "no traces pipeline has a `tail_sampling` processor"),
        (["--config", "new.yaml", "--baseline", "none.yaml", "c.jsonl"], "none.yaml: error: no traces pipeline"),
        (["--config", "new.yaml", "--set", "processors.tail_sampling.decision_wait=soon", "c.jsonl"], "decision_wait"),
        (["--config", "new.yaml", "--processor", "tail_sampling/x", "c.jsonl"], "did you mean `tail_sampling`"),
        (["--config", "new.yaml", "--expect", "bad.yaml", "c.jsonl"], "bad.yaml:1:11: error: expect[0].kept: unknown"),
        (["--config", "new.yaml", "--expect", "nothing.yaml", "c.jsonl"], "cannot read `nothing.yaml`"),
    ],
)
def test_mistakes_of_the_command_line_end_with_2(tmp_path, arguments, message):
    (tmp_path / "new.yaml").write_text(SAMPLING % ERRORS)
    (tmp_path / "none.yaml").write_text(SAMPLING.replace("[tail_sampling, batch]", "[batch]") % ERRORS)
    (tmp_path / "bad.yaml").write_text("expect: [{kept: 5}]")
    (tmp_path / "c.jsonl").write_text("{}")
    done = simulate(*arguments, directory=tmp_path)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr

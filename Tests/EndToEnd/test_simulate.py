"""`needletail simulate` on captures that a running daemon wrote, as a person or a CI job uses it."""

import json
import os
import pty
import select
import subprocess

import pytest

import otlp
from captures import ERRORS, PERCENT, SAMPLING, SLOW, TRACES, shop, simulate, trace_ids
from daemon import binary, environment, poll


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
        "requests_ahead": 0,
        "requests_behind": 0,
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


def test_parts_of_a_composite_have_their_share(captured):
    directory, failed, slow = captured
    parts = ", ".join(policy.replace("name: errors", "name: failed") for policy in (ERRORS, SLOW))
    composite = "{max_total_spans_per_second: 100000, composite_sub_policy: [%s]}" % parts
    (directory / "new.yaml").write_text(SAMPLING % f"{{name: both, type: composite, composite: {composite}}}")
    (directory / "expect.yaml").write_text(f"expect: [{{policy: both/slow, kept_traces: {len(slow - failed)}}}]")
    command = ["--config", "new.yaml", "--baseline", "old.yaml", "--expect", "expect.yaml", "capture.jsonl"]
    done = simulate("--json", *command, directory=directory)
    assert done.returncode == 0, done.stderr
    both, none = json.loads(done.stdout)["config"]["policies"]
    kept = {part["policy"]: part["kept_traces"] for part in both["parts"]}
    assert kept == {"both/failed": len(failed), "both/slow": len(slow - failed)}
    assert both["kept_traces"] == len(failed | slow) and none["parts"] == []
    rows = {line.split()[0]: line.split() for line in simulate(*command, directory=directory).stdout.splitlines() if line}
    assert rows["both"][1] == str(len(failed | slow))
    assert rows["both/slow"][1] == str(len(slow - failed))


def test_a_shadow_that_only_the_baseline_has_is_still_called_one(captured):
    directory, _, _ = captured
    (directory / "old.yaml").write_text(SAMPLING % f"{ERRORS}, {SLOW.replace('type', 'shadow: true, type', 1)}")
    (directory / "new.yaml").write_text(SAMPLING % ERRORS)
    done = simulate("--config", "new.yaml", "--baseline", "old.yaml", "capture.jsonl", directory=directory)
    assert "\nslow (shadow) " in done.stdout


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
        otlp.send(daemon, message)
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

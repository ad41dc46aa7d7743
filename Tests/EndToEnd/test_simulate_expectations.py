"""Expectations: `needletail simulate` as a unit test of policies."""

import json

from captures import ERRORS, SAMPLING, SLOW, simulate


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


def test_one_mistake_is_told_once(tmp_path):
    (tmp_path / "new.yaml").write_text(SAMPLING % ERRORS)
    (tmp_path / "expect.yaml").write_text("expct: [{kept_traces: 1}]")
    done = simulate("--config", "new.yaml", "--expect", "expect.yaml", directory=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "expect.yaml:1:1: error: expct: unknown key `expct`; did you mean `expect`?"
    ]

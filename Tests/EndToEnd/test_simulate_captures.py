"""What `needletail simulate` takes as a capture, and what becomes of captures that cannot be read."""

import gzip
import json
import os
from base64 import b64encode

import pytest
from google.protobuf.json_format import ParseDict

import otlp
from captures import simulate


def from_json(line, message):
    """OTLP/JSON has ids in hexadecimal, protobuf's own JSON in base64."""
    request = json.loads(line)
    for group in request["resourceSpans"]:
        for scope in group["scopeSpans"]:
            for span in scope["spans"]:
                for key in ("traceId", "spanId", "parentSpanId"):
                    if key in span:
                        span[key] = b64encode(bytes.fromhex(span[key])).decode()
    ParseDict(request, message)


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


def test_hostile_captures_cost_only_themselves(captured):
    directory, failed, slow = captured
    hostile = b"nonsense\n{\"resourceSpans\":[{]\n" + os.urandom(300).replace(b"\n", b" ").replace(b"{", b" ") + b"\n"
    (directory / "hostile").write_bytes(b"{}\n" + hostile + (directory / "capture.jsonl").read_bytes())
    command = ["--config", "new.yaml", "--json", "--skip-broken"]
    done = simulate(*command, "hostile", "missing", directory=directory)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["captures"]["unreadable"] == 4
    assert json.loads(done.stdout)["config"]["kept_traces"] == len(failed | slow)
    for place in ("hostile:2: ", "hostile:3: ", "hostile:4: ", "missing: cannot read"):
        assert place in done.stderr
    alone = simulate(*command, "missing", directory=directory)
    assert (alone.returncode, alone.stdout) == (2, "")


@pytest.mark.parametrize("name, reason", [("nope.jsonl", "No such file or directory"), ("folder", "it is a directory")])
def test_a_capture_that_cannot_be_opened_ends_the_simulation_before_it_begins(captured, name, reason):
    directory, _, _ = captured
    (directory / "folder").mkdir()
    done = simulate("--config", "new.yaml", name, "capture.jsonl", directory=directory)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{name}: cannot read: {reason}" in done.stderr and "--skip-broken" in done.stderr


def test_a_capture_that_breaks_off_is_simulated_as_far_as_it_goes_but_fails(captured):
    directory, _, _ = captured
    whole = gzip.compress((directory / "capture.jsonl").read_bytes())
    (directory / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    done = simulate("--config", "new.yaml", "cut.jsonl.gz", directory=directory)
    assert done.returncode == 2
    assert "cut.jsonl.gz: cannot inflate: the compressed data ends too early" in done.stderr
    assert "2 parts of the captures cannot be read" in done.stderr and "corrupt(" not in done.stderr
    assert "left out: 2 unreadable parts" in done.stdout
    accepted = simulate("--config", "new.yaml", "--skip-broken", "cut.jsonl.gz", directory=directory)
    assert (accepted.returncode, accepted.stdout) == (0, done.stdout)


def test_a_broken_capture_weighs_more_than_an_expectation_that_fails(captured):
    directory, _, _ = captured
    (directory / "capture.jsonl").write_text((directory / "capture.jsonl").read_text() + "{\"resourceSpans\": [")
    (directory / "expect.yaml").write_text("expect: [{kept_traces: 1}]")
    command = ["--config", "new.yaml", "--expect", "expect.yaml", "capture.jsonl"]
    assert simulate(*command, directory=directory).returncode == 2
    assert simulate("--skip-broken", *command, directory=directory).returncode == 1

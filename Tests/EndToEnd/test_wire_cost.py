"""The wire module's cost per span and its allocations per batch stay within the limits that its benchmark states."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_allocations_per_batch_and_time_per_span_are_within_their_limits():
    # Only a release build says anything about cost.
    benchmark = ROOT / ".build" / "release" / "WireBenchmark"
    assert benchmark.exists(), "build it: swift build -c release --static-swift-stdlib --product WireBenchmark"
    done = subprocess.run([benchmark], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout

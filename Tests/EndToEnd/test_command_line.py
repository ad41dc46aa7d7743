"""The command line and the configuration, as a person meets them (conformance 238)."""

import re
import socket
import subprocess

import pytest
import yaml

import otlp
from daemon import binary, environment, poll
from otlp import Client


def run(*arguments, env=None, directory=None):
    """Runs a command to its end."""
    return subprocess.run(
        [str(binary()), *map(str, arguments)],
        env=environment(env),
        cwd=directory,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=30,
    )


MINIMAL = """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {otlp_http: {endpoint: "http://localhost:1"}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}
"""


@pytest.fixture
def written(tmp_path):
    def write(text, name="config.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_version():
    done = run("--version")
    assert (done.returncode, bool(re.fullmatch(r"needletail \d+\.\d+\.\d+\S*\n", done.stdout))) == (0, True)


def test_help_has_examples():
    done = run("--help")
    assert done.returncode == 0
    assert "needletail --config collector.yaml" in done.stdout
    for command in ("run", "validate", "components", "print-config", "demo", "explain", "simulate"):
        assert command in done.stdout
        assert run(command, "--help").returncode == 0


def test_components_lists_every_type_and_its_alias():
    done = run("components")
    assert done.returncode == 0
    for name in (
        "otlp memory_limiter batch probabilistic_sampler tail_sampling exemplars otlp_http otlphttp otlp_grpc"
        " prometheus file debug nop health_check"
    ).split():
        assert re.search(rf"\b{name}\b", done.stdout), name


def test_validate_accepts_a_good_configuration(written):
    done = run("validate", "--config", written(MINIMAL))
    assert done.returncode == 0, done.stderr


def test_every_mistake_is_reported_at_once_with_its_place_before_a_port_is_bound(written):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        path = written(f"""\
receivers:
  otlp:
    protocols:
      http: {{endpoint: "127.0.0.1:{port}", max_request_body_sise: 3}}
processors:
  bach: {{}}
exporters:
  otlp_http:
    endpoint: http://localhost:4318
    timeout: 5 parsecs
service:
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [otlp_htp]
""")
        for command in (["validate"], ["run"], []):
            done = run(*command, "--config", path)
            assert done.returncode == 1
            assert "listen" not in done.stderr  # The port is taken, which it never came to.
            found = re.findall(re.escape(str(path)) + r":(\d+):\d+: error: (.*)", done.stderr)
            errors = {int(line): text for line, text in found}
            assert set(errors) == {4, 6, 10, 15}, done.stderr
            assert "max_request_body_size" in errors[4]
            assert "batch" in errors[6]
            assert "exporters.otlp_http.timeout" in errors[10] and "5s" in errors[10]
            assert "did you mean `otlp_http`" in errors[15]


@pytest.mark.parametrize(
    "text, hint",
    [
        ("receivers: [", "yaml"),
        ("receivers: {otlp: {}}\nservice: {pipelines: {}}", "pipelines"),
        (MINIMAL + "\nexporters: {nop: }\n", "exporters"),
        (MINIMAL.replace("[otlp_http]", "[]"), "exporters"),
        (MINIMAL + "extra: 1\n", "extra"),
        (MINIMAL.replace("localhost:1", "${env:NOT_THERE_AT_ALL"), "${"),
        ("a: &a [*a]\n", ""),
    ],
    ids=["broken YAML", "no pipelines", "a key twice", "no exporters", "unknown section", "open expansion", "loop"],
)
def test_broken_files_are_errors(text, hint, written):
    path = written(text)
    done = run("validate", "--config", path)
    assert done.returncode == 1
    assert str(path) in done.stderr and hint.lower() in done.stderr.lower()


def test_a_missing_file_is_an_error(tmp_path):
    done = run("validate", "--config", tmp_path / "nothing.yaml")
    assert done.returncode == 1 and "nothing.yaml" in done.stderr


def test_files_merge_in_order_and_set_comes_last(written):
    first = written(MINIMAL)
    second = written("exporters: {otlp_http: {timeout: 3s, headers: {a: x, b: y}}, nop: }", "second.yaml")
    third = written("service: {pipelines: {traces: {exporters: [nop]}}}", "third.yaml")
    done = run(
        *("print-config", "--config", first, "--config", second, "--config", third),
        *("--set", "exporters.otlp_http.timeout=9s", "--set", "exporters.otlp_http.compression=none"),
    )
    assert done.returncode == 0, done.stderr
    merged = yaml.safe_load(done.stdout)
    assert merged["exporters"]["otlp_http"]["timeout"] == "9s"
    assert merged["exporters"]["otlp_http"]["compression"] == "none"
    assert merged["exporters"]["otlp_http"]["endpoint"] == "http://localhost:1"
    assert merged["service"]["pipelines"]["traces"] == {"receivers": ["otlp"], "exporters": ["nop"]}


def test_secrets_are_not_printed(written):
    headers = ', headers: {authorization: "${env:TOKEN}"}'
    path = written(MINIMAL.replace('"http://localhost:1"', '"http://localhost:1"' + headers))
    done = run("print-config", "--config", path, env={"TOKEN": "hunter2"})
    assert done.returncode == 0
    assert "hunter2" not in done.stdout + done.stderr
    assert yaml.safe_load(done.stdout)["exporters"]["otlp_http"]["headers"]["authorization"] == "[REDACTED]"


def test_the_environment_is_expanded(written):
    path = written(
        MINIMAL.replace(
            '"http://localhost:1"',
            '"${env:PLACE}/$$x", timeout: "${WAIT}s", compression: "${env:UNSET_VARIABLE:-none}",'
            ' sending_queue: {queue_size: "${env:SIZE}"}',
        )
    )
    done = run("print-config", "--config", path, env={"PLACE": "http://there:1", "WAIT": "7", "SIZE": "12"})
    assert done.returncode == 0, done.stderr
    exporter = yaml.safe_load(done.stdout)["exporters"]["otlp_http"]
    assert exporter["endpoint"] == "http://there:1/$$x" or exporter["endpoint"] == "http://there:1/$x"
    assert (exporter["timeout"], exporter["compression"]) == ("7s", "none")
    assert int(exporter["sending_queue"]["queue_size"]) == 12


def test_an_environment_variable_can_be_the_whole_configuration():
    done = run("validate", "--config", "env:WHOLE", env={"WHOLE": MINIMAL})
    assert done.returncode == 0, done.stderr


def test_hints_for_the_other_runtime_are_accepted_and_noted_once(written):
    text = MINIMAL.replace('endpoint: "127.0.0.1:0"', 'endpoint: "127.0.0.1:0", include_metadata: false').replace(
        '"http://localhost:1"', '"http://localhost:1", read_buffer_size: 1024'
    )
    done = run("validate", "--config", written(text))
    assert done.returncode == 0
    assert done.stderr.count("read_buffer_size") == 1


def test_both_spellings_of_renamed_components_work(start, backend):
    daemon = start("""
exporters:
  otlphttp/old: {endpoint: "${env:BACKEND}"}
  otlp/old: {endpoint: "${env:BACKEND_GRPC}", tls: {insecure: true}}
service: {pipelines: {traces: {exporters: [otlphttp/old, otlp/old]}}}
""")
    with Client(daemon.grpc) as client:
        client.export(otlp.traces(names=["twice"]))
    assert [otlp.names(message) for message in backend.wait(2)] == [["twice"]] * 2


def test_a_taken_port_is_named_and_ends_the_start(written):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run("run", "--config", written(MINIMAL.replace("127.0.0.1:0", address)))
    assert done.returncode == 1
    assert address in done.stderr and "receiver otlp" in done.stderr


def test_the_built_in_configuration_is_valid_with_and_without_a_backend():
    assert run("validate").returncode == 0
    done = run("print-config", env={"OTEL_EXPORTER_OTLP_ENDPOINT": "http://tempo:4318"})
    assert done.returncode == 0, done.stderr
    config = yaml.safe_load(done.stdout)
    assert config["exporters"]["otlp_http"]["endpoint"] == "http://tempo:4318"
    assert config["service"]["pipelines"]["traces"]["exporters"] == ["file", "otlp_http"]
    assert config["processors"]["tail_sampling"]["decision_wait"] == "3s"


def test_an_idle_sidecar_is_small(start):
    daemon = start()
    # What only starting needed is given back once all is ready.
    poll(lambda: daemon.resident_bytes() <= 20e6, what="20 MB of resident memory")

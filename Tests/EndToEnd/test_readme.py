"""README says what is true: its configurations are valid, its commands and keys exist, and no key is left out."""

import re
import subprocess

import pytest
import yaml

from daemon import ROOT, binary, environment

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
# What a block that only shows a part is laid over.
REST = """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {nop: }
service: {pipelines: {traces: {receivers: [otlp], exporters: [nop]}}}
"""
KINDS = {
    "Receiver": "receivers",
    "Processor": "processors",
    "Connector": "connectors",
    "Exporter": "exporters",
    "Exporters": "exporters",
    "Extension": "extensions",
}
# The methods of ConfigReader that take a key.
READS = re.compile(
    r"\.(?:optional\w*|required\w+|section|sections|settings|string|strings|stringMap|bool|integer|double|duration|"
    r'enumeration|endpoint|hint|unsupported|list|map)\("([a-z0-9_]+)"'
)
# Where the settings of each component are read.
SOURCES = {
    "otlp": "CollectorReceivers/OTLP/OTLPReceiverConfig.swift",
    "memory_limiter": "CollectorProcessors/MemoryLimiter/MemoryLimiterConfig.swift",
    "batch": "CollectorProcessors/Batch/BatchConfig.swift",
    "probabilistic_sampler": "CollectorProcessors/ProbabilisticSampler/ProbabilisticSamplerConfig.swift",
    "tail_sampling": "CollectorProcessors/TailSampling",
    "exemplars": "CollectorProcessors/Exemplars/ExemplarsConfig.swift",
    "span_metrics": "CollectorConnectors/SpanMetrics/SpanMetricsConfig.swift",
    "service_graph": "CollectorConnectors/ServiceGraph/ServiceGraphConfig.swift",
    "otlp_http": "CollectorExporters/OTLP",
    "otlp_grpc": "CollectorExporters/OTLP",
    "prometheus": "CollectorExporters/Prometheus/PrometheusConfig.swift",
    "file": "CollectorExporters/File/FileExporterConfig.swift",
    "debug": "CollectorExporters/Debug/DebugExporter.swift",
    "nop": "CollectorExporters/Nop",
    "health_check": "CollectorExtensions/HealthCheck/HealthCheckConfig.swift",
    "service.telemetry": "CollectorService/Configuration/TelemetryConfig+ConfigReader.swift",
}


def needletail(*arguments):
    return subprocess.run(
        [binary(), *arguments], capture_output=True, text=True, timeout=30, env=environment({"HOME": "/"}), cwd=ROOT)


def reference():
    """The README's text about each component, by its type, with the section of the configuration it belongs to."""
    found = {}
    for part in re.split(r"^##+ ", README, flags=re.MULTILINE):
        title, _, text = part.partition("\n")
        if title.split(" ")[0] not in KINDS and title != "`service.telemetry`":
            continue
        kind, types = title.split(" ")[0], re.findall(r"`([\w.]+)`", title)
        for name in types:
            found[name] = (KINDS.get(kind), text)
    return found


def tables(text):
    """Each table of keys: the path its keys stand under, and its rows as lists of keys with the meaning."""
    for header, body in re.findall(r"^\| key(.*?) \|.*\n\|[- |]*\|\n((?:\|.*\n)+)", text, re.MULTILINE):
        under = re.search(r"`([\w.]+)`", header)
        rows = []
        for row in body.splitlines():
            cells = [cell.strip() for cell in row.strip("|").split("|")]
            keys = []
            for key in re.findall(r"`([\w.]+)`", cells[0]):
                keys.append(keys[0].rpartition(".")[0] + key if key.startswith(".") else key)
            rows.append((keys, cells[-1]))
        yield under[1] if under else "", rows


def documented_keys(name, text):
    for under, rows in tables(text):
        for keys, meaning in rows:
            only = re.match(r"`(otlp_\w+)`:", meaning)
            if only and only[1] != name and not re.search(rf"`{name}`:", meaning):
                continue
            yield from (f"{under}.{key}" if under else key for key in keys)


def nested(path, leaf=None):
    for key in reversed(path.split(".")):
        leaf = {key: leaf}
    return leaf


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n")[0] + block.split("\n")[1].strip())
def test_every_configuration_in_the_readme_is_valid(block):
    is_whole = "pipelines" in yaml.safe_load(block).get("service", {})
    rest = [] if is_whole else ["--config", f"yaml:{REST}"]
    result = needletail("validate", *rest, "--config", f"yaml:{block}")
    assert result.returncode == 0, result.stderr
    assert "warning" not in result.stderr


@pytest.mark.parametrize("name", reference())
def test_every_documented_key_exists(name):
    section, text = reference()[name]
    keys = list(documented_keys(name, text))
    assert keys or name == "nop"
    for key in keys:
        config = nested(f"{section}.{name}.{key}" if section else f"{name}.{key}")
        result = needletail("validate", "--config", f"yaml:{REST}", "--config", "yaml:" + yaml.dump(config))
        assert "unknown key" not in result.stderr
        assert "not supported" not in result.stderr


@pytest.mark.parametrize("name", reference())
def test_no_key_is_undocumented(name):
    place = ROOT / "Sources" / SOURCES[name]
    files = sorted(place.rglob("*.swift")) if place.is_dir() else [place]
    if name in ("otlp_http", "otlp_grpc"):
        shared = ROOT / "Sources" / "CollectorExporters" / "Sending"
        files += [shared / "RetryPolicy.swift", shared / "SendingQueueConfig.swift"]
    source = "\n".join(file.read_text() for file in files)
    asked = set(READS.findall(source))
    for names in re.findall(r"for key in \[(.*?)\]", source, re.DOTALL):
        asked.update(re.findall(r'"([a-z0-9_]+)"', names))
    code = re.findall(r"`[^`\n]+`|```yaml.*?```", reference()[name][1], re.DOTALL)
    assert asked - set(re.findall(r"[a-z0-9_]+", " ".join(code))) == set()


def test_all_components_are_documented():
    known = re.findall(r"^  (\w+)", needletail("components").stdout, re.MULTILINE)
    assert set(known) == set(reference()) - {"service.telemetry"}
    aliases = re.findall(r"\(also ([\w, ]+)\)", needletail("components").stdout)
    assert aliases and all(f"`{alias}`" in README for names in aliases for alias in names.split(", "))


def test_every_command_and_option_exists():
    # In code lines and in code spans: `needletail demo`, `.build/release/needletail demo`.
    commands = set(re.findall(r"(?:^    \S*|`)needletail ([a-z][\w-]*)", README, re.MULTILINE))
    overview = needletail("--help").stdout
    listed = set(re.findall(r"^  ([a-z-]+)", overview.partition("SUBCOMMANDS:")[2], re.MULTILINE))
    assert {"run", "validate", "print-config", "components", "demo"} <= commands <= listed
    options = set(re.findall(r"`(?:needletail )?(--[\w-]+)", README)) - {"--enable-feature"}
    known = overview + "".join(needletail(command, "--help").stdout for command in listed)
    assert options and all(re.search(rf"{option}\b", known) for option in options)


def test_every_make_target_exists():
    targets = set(re.findall(r"(?:^    |`)make (\w+)", README + (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE))
    made = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"run", "test", "bench"} <= targets <= made


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_and_named_files_exist(document):
    text = (ROOT / document).read_text()
    links = {link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link}
    named = set(re.findall(r"`((?:Sources|Tests|proto|configs|dashboards)/[\w./-]*[\w/])`", text))
    missing = [path for path in links | named if not (ROOT / path).exists()]
    assert not [path for path in missing if "Attributes" not in path]


def test_golden_data_is_explained():
    text = (ROOT / "CONTRIBUTING.md").read_text().partition("## Golden data")[2]
    folders = {path.name for path in (ROOT / "Tests" / "Golden").iterdir() if path.is_dir()}
    assert {folder for folder in folders if f"`{folder}`" not in text} == set()

"""Dashboards as files: Grafana can import them, panels do not overlap, and each says what it tells."""

import json
import re

import pytest
import yaml
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard as GrafanaDashboard

from dashboard import PATHS, Dashboard
from demo import DASHBOARDS

every_dashboard = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def lost(before, after, path=""):
    """What is set in one tree of JSON and is not, or differs, in the other."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [found for key, value in before.items() for found in lost(value, after.get(key), f"{path}.{key}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [found for one, other in zip(before, after, strict=True) for found in lost(one, other, path)]
    return [] if before == after or not before and not after else [path]


def test_there_is_a_dashboard_for_each_question():
    names = ["latency-by-service", "needletail", "red", "sampling", "service-graph"]
    assert [path.stem for path in PATHS] == names
    assert len({Dashboard(path).json["uid"] for path in PATHS}) == len(names)


@every_dashboard
def test_a_dashboard_can_be_imported(path):
    dashboard = Dashboard(path)
    content = dashboard.json
    assert content["uid"] and content["title"] and content["description"] and content["schemaVersion"] >= 39
    assert content["id"] is None, "Grafana gives the id"
    ids = [panel["id"] for panel in content["panels"]]
    assert len(set(ids)) == len(ids), "panels' ids must be unique"
    assert all(panel["datasource"] == SOURCE for panel in dashboard.panels), "panels take the variable's data source"
    for panel in dashboard.panels:
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references) and all(target["datasource"] == SOURCE for target in panel["targets"])
    names = {variable["name"] for variable in content["templating"]["list"]}
    text = json.dumps(content["panels"])
    assert all(f"${name}" in text or f"${{{name}}}" in text for name in names - {"tempo"}), "variables are used"


@every_dashboard
def test_the_types_of_grafana_know_every_field(path):
    plugins.register_default_plugins()
    content = json.loads(path.read_text())
    understood = json.loads(json.dumps(GrafanaDashboard.from_json(content), cls=JSONEncoder))
    # What the types leave out, and what a later Grafana calls `tooltip.show`.
    assert set(lost(content, understood)) <= {".templating.list.definition", ".panels.options.tooltip.mode"}


@every_dashboard
def test_a_file_is_laid_out_as_grafana_and_jq_do(path):
    assert path.read_text() == json.dumps(json.loads(path.read_text()), indent=2, ensure_ascii=False) + "\n"


@every_dashboard
def test_panels_fill_the_grid_without_overlaps(path):
    taken = {}
    for panel in Dashboard(path).json["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                other = taken.setdefault((x, y), panel["title"])
                assert other == panel["title"], f"{panel['title']} covers {other}"
    height = max(y for _, y in taken) + 1
    assert len(taken) == 24 * height, "no gaps"


@every_dashboard
def test_every_panel_says_what_it_tells_and_has_units(path):
    for panel in Dashboard(path).panels:
        assert len(panel["description"]) > 20, panel["title"]
        unit = panel["options"]["yAxis"] if panel["type"] == "heatmap" else panel["fieldConfig"]["defaults"]
        assert unit["unit"], panel["title"]
        if panel["type"] == "timeseries":
            assert all(target["legendFormat"] for target in panel["targets"]), panel["title"]


@pytest.mark.parametrize("name", ["red", "latency-by-service"])
def test_percentiles_show_exemplars_and_lead_to_traces(name):
    panels = Dashboard(DASHBOARDS / f"{name}.json").panels
    slow = [panel for panel in panels if panel["type"] == "timeseries" and "P99" in panel["title"]]
    assert slow and all(target["exemplar"] for panel in slow for target in panel["targets"])
    for panel in slow:
        (link,) = panel["fieldConfig"]["defaults"]["links"]
        panes = json.loads(link["url"].partition("panes=")[2].replace("%26", "&"))
        (query,) = panes["traces"]["queries"]
        assert query["datasource"] == {"type": "tempo", "uid": "${tempo}"} and query["queryType"] == "traceql"
        assert "resource.service.name" in query["query"] and "duration>=${__value.raw}" in query["query"]


def test_the_data_sources_lead_from_exemplars_to_traces_and_back():
    provisioned = yaml.safe_load((DASHBOARDS / "datasources.yaml").read_text())["datasources"]
    sources = {source["type"]: source for source in provisioned}
    prometheus, tempo = sources["prometheus"], sources["tempo"]
    (destination,) = prometheus["jsonData"]["exemplarTraceIdDestinations"]
    assert destination["name"] == "trace_id" and destination["datasourceUid"] == tempo["uid"]
    for key in ("serviceMap", "tracesToMetrics"):
        assert tempo["jsonData"][key]["datasourceUid"] == prometheus["uid"]


@every_dashboard
def test_every_dashboard_has_a_picture_and_a_description(path):
    picture = DASHBOARDS / "pictures" / f"{path.stem}.svg"
    assert picture.stat().st_size < 200_000
    text = (DASHBOARDS / "README.md").read_text()
    assert f"pictures/{picture.name}" in text and f"]({path.name})" in text
    drawn = picture.read_text()
    assert all(panel["title"].replace("&", "&amp;") in drawn for panel in Dashboard(path).panels)


def test_links_of_the_readme_exist():
    links = re.findall(r"\]\(([^)#]+)\)", (DASHBOARDS / "README.md").read_text())
    assert [link for link in links if not (DASHBOARDS / link).exists()] == []
